// Decides a file of commands in JavaScriptCore's shell, which knows ECMAScript and WebAssembly and nothing else:
//
//   jsc --useJIT=false jsc.js -- BUNDLE ENGINE CAMPAIGN COMMANDS
//
// BUNDLE is the package without its WebAssembly, as a script that sets `kfactor`. Prints the digest.
/* global arguments, load, print, quit, readFile, kfactor */

// What the shell lacks and iOS has.
globalThis.TextEncoder ??= class TextEncoder {
  encode(text) {
    return Uint8Array.from(unescape(encodeURIComponent(text)), (letter) => letter.charCodeAt(0));
  }
};
globalThis.TextDecoder ??= class TextDecoder {
  decode(bytes = new Uint8Array()) {
    const PIECE = 8192;
    let text = "";
    for (let at = 0; at < bytes.length; at += PIECE)
      text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
    return decodeURIComponent(escape(text));
  }
};

const [bundle, engine, campaign, commands] = arguments;
load(bundle);

async function run() {
  await kfactor.init(readFile(engine, "binary"));
  const loaded = await kfactor.Engine.load(readFile(campaign));
  for (const batch of batches(readFile(commands).trimEnd().split("\n"))) loaded.submitBatch(batch);
  print(loaded.digest());
}

function* batches(lines) {
  const SIZE = 1000;
  for (let at = 0; at < lines.length; at += SIZE) yield lines.slice(at, at + SIZE).join("\n");
}

run().catch((error) => {
  print(`${error}\n${error.stack}`);
  quit(1);
});
