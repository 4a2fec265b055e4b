// Where a folder on a static host keeps the parts of the model.

const inflate = async (response) => {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${response.statusText}`);
  const content = new Uint8Array(await response.arrayBuffer());
  if (content[0] !== 0x1f || content[1] !== 0x8b) return content; // the host has unpacked it
  const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

const assets = {
  runtime: () => import("./ort.wasm.bundle.min.mjs"),
  wasm: async () => inflate(await fetch(new URL("./ort-wasm-simd-threaded.wasm.gz", import.meta.url))),
  model: async () => inflate(await fetch(new URL("./model.onnx", import.meta.url))),
  licences: async () => {
    const texts = ["./ort-LICENSE.txt", "./ort-ThirdPartyNotices.txt"].map(async (name) =>
      new TextDecoder().decode(await inflate(await fetch(new URL(name, import.meta.url)))));
    return (await Promise.all(texts)).join("\n");
  },
};
