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
  const [link, setLink] = useState(null);
  const current = state.view.loops[0];
  const can = (act) => current.actions.some((action) => action.do === act && action.ready);

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
          {can("share") && (
            <button onClick={async () => setLink((await loop.share({ loop: current.loop })).url)}>
              Share
            </button>
          )}
        </>
      )}
      {state.notice && <p role="alert">{state.notice}</p>}
      {link && <a href={link}>{link}</a>}
    </main>
  );
}
