/** Compiles while downloading where the host can, and from bytes where the server names another type. */
export async function instantiate(
  source: Response | PromiseLike<Response>,
  imports: WebAssembly.Imports,
): Promise<WebAssembly.Instance> {
  const response = await source;
  if (!response.ok) throw new Error(`${response.url || "the engine"} answered ${response.status}`);
  const type = response.headers.get("content-type") ?? "";
  if (typeof WebAssembly.instantiateStreaming === "function" && type.startsWith("application/wasm")) {
    return (await WebAssembly.instantiateStreaming(response, imports)).instance;
  }
  return (await WebAssembly.instantiate(await response.arrayBuffer(), imports)).instance;
}
