// What a site has anyway: who is here, and the campaign they see.

/** The visitor and the proof of it. Yours comes from your log-in; the demonstration takes anybody's word for it. */
export async function whoIsHere() {
  const me = (localStorage.me ??= "guest-" + Math.random().toString(36).slice(2, 8));
  return (await fetch(`/demo/identity?participant=${me}`)).json();
}

/** The campaign's document. */
export async function campaignOf(id, key) {
  return (await fetch(`/v1/campaigns/${id}`, { headers: { Authorization: `Bearer ${key}` } })).json();
}
