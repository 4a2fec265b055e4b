// Where a single HTML file keeps the parts of the model.

const inflate = async (id) => {
  const packed = Uint8Array.from(atob(document.getElementById(id).textContent), (each) => each.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

const assets = {
  runtime: async () => {
    const url = URL.createObjectURL(new Blob([await inflate("runtime")], { type: "text/javascript" }));
    const made = await import(url);
    URL.revokeObjectURL(url);
    return made;
  },
  wasm: () => inflate("wasm"),
  model: () => inflate("model"),
  licences: async () => new TextDecoder().decode(await inflate("licence-texts")),
};
