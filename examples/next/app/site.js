// What only the server does: it knows who is here, proves it, and asks kfactor-server for their view.
import { cookies } from "next/headers";

export const backend = process.env.KFACTOR_URL ?? "http://127.0.0.1:8080";

/** Everything the page needs to show the campaign at once. `loop` is the one in the address, if any. */
export async function opening(campaign, loop) {
  const visitor = (await cookies()).get("visitor").value;
  // The demonstration takes anybody's word for it. With a log-in of yours:
  // proof = createHmac("sha256", KFACTOR_PARTICIPANT_SECRET).update(visitor).digest("hex")
  const { participant, proof, key } = await ask(`/demo/identity?participant=${visitor}`);
  const headers = {
    Authorization: `Bearer ${key}`,
    "X-Kfactor-Participant": participant,
    "X-Kfactor-Proof": proof,
  };
  const path = `/v1/campaigns/${campaign}`;
  const [document, view] = await Promise.all([
    ask(path, headers),
    ask(`${path}/view${loop === undefined ? "" : `?loop=${encodeURIComponent(loop)}`}`, headers),
  ]);
  return { campaign: document, view, participant: { id: participant, proof }, publishableKey: key, backend };
}

async function ask(path, headers = {}) {
  const response = await fetch(backend + path, { headers, cache: "no-store" });
  if (!response.ok) throw new Error(`kfactor-server answered ${response.status} to ${path}`);
  return response.json();
}
