// A shared link has this site's address; kfactor-server knows where it leads.
import { backend } from "../../site.js";

export async function GET(request, { params }) {
  const { token } = await params;
  const answer = await fetch(`${backend}/r/${token}`, {
    headers: { Accept: "text/html" },
    redirect: "manual",
  });
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
}
