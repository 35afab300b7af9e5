// The looks of the elements. Pages change them by custom properties and by `::part()`. Only what iOS 14 knows is needed:
// it has no `inset`, and no `gap` but in grids.

const COMMON = `
:host {
  --accent: var(--kf-accent, #f4502f);
  --accent-2: var(--kf-accent-2, #ff8a3d);
  --ink: var(--kf-ink, #21201d);
  --quiet: var(--kf-quiet, #6d6a63);
  --line: var(--kf-line, #efebe4);
  --paper: var(--kf-paper, #fff);
  --radius: var(--kf-radius, 18px);
  display: block;
  color: var(--ink);
  font: 15px/1.5 var(--kf-font, system-ui, -apple-system, "PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", sans-serif);
  -webkit-text-size-adjust: 100%;
}
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
h2, p, ul { margin: 0; padding: 0; list-style: none; }
button {
  min-height: 48px; padding: 0 20px; border: 0; border-radius: 999px; cursor: pointer;
  font: inherit; font-weight: 600; color: var(--ink); background: var(--line);
  -webkit-tap-highlight-color: transparent; touch-action: manipulation;
}
button.main { color: #fff; background: linear-gradient(100deg, var(--accent-2), var(--accent)); font-size: 17px; }
button.bare { min-height: 44px; padding: 0 10px; color: var(--accent); background: none; font-size: 14px; }
button:disabled, button[aria-disabled=true] { opacity: .55; cursor: default; }
button:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.quiet { color: var(--quiet); font-size: 13px; }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
`;

export const LOOP_STYLE = `${COMMON}
[part=card] {
  display: grid; gap: 14px; padding: 20px;
  background: var(--paper); border: 1px solid var(--line); border-radius: var(--radius);
}
[part=title] { font-size: 20px; line-height: 1.3; }
[part=count] { display: flex; align-items: baseline; }
[part=have] { margin-right: 8px; font-size: 40px; line-height: 1; font-weight: 700; color: var(--accent); font-variant-numeric: tabular-nums; }
[part=deadline] { margin-left: auto; text-align: right; font-variant-numeric: tabular-nums; }
[part=time] { display: block; font-size: 17px; font-weight: 600; color: var(--ink); }
[part=track] { height: 10px; border-radius: 999px; background: var(--line); overflow: hidden; }
[part=bar] {
  height: 100%; width: 0; border-radius: inherit; transition: width .4s ease;
  background: linear-gradient(90deg, var(--accent-2), var(--accent));
}
[part=people] { display: flex; flex-wrap: wrap; margin: 0 -6px -6px 0; }
[part~=person] {
  margin: 0 6px 6px 0; width: 34px; height: 34px; border-radius: 50%; display: grid; place-items: center;
  font-size: 13px; font-weight: 600; color: var(--accent); background: color-mix(in srgb, var(--accent) 12%, #fff);
}
@supports not (background: color-mix(in srgb, red 12%, #fff)) { [part~=person] { background: var(--line); } }
[part=rewards] { display: grid; gap: 8px; }
[part~=reward] { display: flex; justify-content: space-between; padding-top: 8px; border-top: 1px solid var(--line); }
[part~=reward] span:last-child { color: var(--quiet); font-size: 13px; text-align: right; flex: none; max-width: 60%; padding-left: 12px; }
[part~=reward][data-status=granted] span:last-child { color: #0d7a4b; font-weight: 600; }
[part=notice] { padding: 10px 14px; border-radius: 12px; color: #8c2219; background: #fdeeec; font-size: 14px; }
[part=actions] { display: grid; gap: 8px; }
[part=reason] { text-align: center; }
`;

export const PICTURE_STYLE = `${COMMON}
:host { text-align: center; }
::slotted(img) { display: block; max-width: 100%; height: auto; margin: 0 auto 8px; -webkit-touch-callout: default; }
[part=blank] { aspect-ratio: 9 / 16; max-width: 320px; margin: 0 auto 8px; border-radius: 16px; background: var(--line); }
`;

/*
 * The sheet covers the page with plain paper: WeChat reads a code from a screenshot of what is on the screen, so the
 * whole code has to be there, alone, and nothing dimmed around it.
 */
export const SHEET_STYLE = `${COMMON}
:host { display: contents; }
[part=sheet] {
  position: fixed; top: 0; right: 0; bottom: 0; left: 0; z-index: var(--kf-layer, 1000); overflow: auto; overscroll-behavior: contain;
  background: var(--paper); text-align: center;
  padding: calc(14px + env(safe-area-inset-top)) 20px calc(16px + env(safe-area-inset-bottom));
}
[part=inside] { max-width: 440px; min-height: 100%; margin: 0 auto; display: grid; grid-template-columns: 100%; align-content: space-between; gap: 10px; }
[part=head] { display: grid; grid-template-columns: 44px 1fr 44px; align-items: center; }
[part=head] h2 { font-size: 18px; grid-column: 2; }
button[part=close] { grid-column: 3; padding: 0; font-size: 26px; font-weight: 400; line-height: 1; color: var(--quiet); }
[part=tabs] { justify-self: center; display: inline-flex; padding: 3px; border-radius: 999px; background: var(--line); }
[part~=tab] { min-height: 38px; padding: 0 20px; background: none; color: var(--quiet); font-size: 14px; }
[part~=tab][aria-selected=true] { background: #fff; color: var(--ink); }
[part=picture] { display: grid; place-content: center; gap: 8px; min-height: 220px; }
::slotted(img) {
  display: block; margin: 0 auto; max-width: 100%;
  max-height: clamp(220px, 100vh - 352px, 600px); max-height: clamp(220px, 100dvh - 352px, 600px);
  -webkit-touch-callout: default; -webkit-user-select: auto; user-select: auto;
}
::slotted(img[data-code]) { width: 248px; height: 248px; image-rendering: pixelated; }
[part=line] { display: flex; align-items: center; justify-content: center; }
[part=typed] { margin-left: 10px; font-size: 18px; letter-spacing: 1px; user-select: all; -webkit-user-select: all; }
[part=url] { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; user-select: all; -webkit-user-select: all; }
[part=buttons] { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 10px; }
[part=said]:empty { display: none; }
[part=guide] {
  position: fixed; top: 0; right: 0; bottom: 0; left: 0; z-index: calc(var(--kf-layer, 1000) + 1); border: 0; border-radius: 0; width: 100%; height: 100%;
  display: flex; align-items: flex-start; justify-content: flex-end; text-align: right;
  padding: calc(16px + env(safe-area-inset-top)) 22px; background: var(--paper); color: var(--ink); font-size: 20px;
}
[part=arrow] { display: block; width: 78px; height: 78px; margin: 0 4px 10px auto; color: var(--accent); }
`;
