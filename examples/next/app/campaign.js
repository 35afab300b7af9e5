"use client";

import { http } from "kfactor";
import { useLoop, useLoopSnapshot } from "kfactor/react";
import { useState } from "react";

/** The campaign: first as the server rendered it, then live. */
export default function Campaign({ campaign, view, participant, backend, publishableKey }) {
  const loop = useLoop({
    campaign,
    participant,
    initial: view,
    backend: http(backend, { key: publishableKey }),
  });
  const state = useLoopSnapshot(loop);
  const [shared, setShared] = useState(null);
  const current = state.view.loops[0];
  const can = (act) => current.actions.some((action) => action.do === act && action.ready);

  async function share() {
    const { url } = await loop.share({ loop: current.loop });
    const svg = await loop.qr({ loop: current.loop });
    // An <img>, because phones save and read only those on a long press.
    setShared({ url, code: `data:image/svg+xml,${encodeURIComponent(svg)}` });
  }

  return (
    <main>
      <h1>{state.view.plays[0].title}</h1>
      {current === undefined ? (
        <button onClick={() => loop.open("three-friends")}>Start</button>
      ) : (
        <>
          <p className="count">
            <b>{current.have}</b> / {current.need}
          </p>
          <progress value={current.have} max={current.need} aria-label="Friends who helped" />
          <ul>
            {current.rewards.map(({ reward, to, title, status }) => (
              <li key={reward + to}>
                {title}: {status === "locked" ? "not yet" : status}
              </li>
            ))}
          </ul>
          {can("help") && <button onClick={() => loop.help({ loop: current.loop })}>Help</button>}
          {can("share") && <button onClick={share}>Share</button>}
        </>
      )}
      {state.notice && <p role="alert">{state.notice}</p>}
      {shared && (
        <figure>
          <img src={shared.code} width="216" height="216" alt={shared.url} />
          <figcaption>
            <a href={shared.url}>{shared.url}</a>
          </figcaption>
        </figure>
      )}
    </main>
  );
}
