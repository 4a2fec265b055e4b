// Image files as the pixels that the model takes, decoded by the browser and resized as Pillow does.

const MOST_PIXELS = 50000000;
const PRECISION = 22; // bits after the point, as in Pillow's resampling of 8-bit images

/** Return the pixels of an image file, [channels, height, width]; undefined if it is none. */
export async function readImage(content, [channels, height, width]) {
  let bitmap;
  try {
    const blob = content instanceof Blob ? content : new Blob([content]);
    bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  } catch {
    return undefined;
  }
  if (bitmap.width * bitmap.height > MOST_PIXELS) return undefined;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#000";
  context.fillRect(0, 0, bitmap.width, bitmap.height);
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  return resized(planes(data, channels), bitmap.width, bitmap.height, width, height);
}

function planes(data, channels) {
  const size = data.length / 4;
  const made = Array.from({ length: channels }, () => new Uint8Array(size));
  for (let at = 0; at < size; at += 1) {
    const [red, green, blue] = [data[4 * at], data[4 * at + 1], data[4 * at + 2]];
    if (channels === 1) {
      made[0][at] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
    } else {
      [made[0][at], made[1][at], made[2][at]] = [red, green, blue];
    }
  }
  return made;
}

/** Resize planes by Pillow's bilinear filter: a triangle as wide as the scale. */
export function resized(each, width, height, newWidth, newHeight) {
  const out = new Uint8Array(each.length * newWidth * newHeight);
  each.forEach((plane, channel) => {
    let pixels = plane;
    if (width !== newWidth) {
      const narrow = new Uint8Array(newWidth * height);
      weights(width, newWidth).forEach(([first, factors], x) => {
        for (let y = 0; y < height; y += 1) {
          narrow[y * newWidth + x] = weighted(pixels, y * width + first, 1, factors);
        }
      });
      pixels = narrow;
    }
    if (height !== newHeight) {
      const low = new Uint8Array(newWidth * newHeight);
      weights(height, newHeight).forEach(([first, factors], y) => {
        for (let x = 0; x < newWidth; x += 1) {
          low[y * newWidth + x] = weighted(pixels, first * newWidth + x, newWidth, factors);
        }
      });
      pixels = low;
    }
    out.set(pixels, channel * newWidth * newHeight);
  });
  return out;
}

function weighted(pixels, start, step, factors) {
  let sum = 2 ** (PRECISION - 1);
  for (let place = 0; place < factors.length; place += 1) {
    sum += pixels[start + place * step] * factors[place];
  }
  return Math.min(Math.max(Math.floor(sum / 2 ** PRECISION), 0), 255);
}

function weights(size, newSize) {
  const scale = size / newSize;
  const support = Math.max(scale, 1);
  const inverse = 1 / support;
  return Array.from({ length: newSize }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const last = Math.min(Math.trunc(centre + support + 0.5), size);
    const raw = Array.from({ length: last - first }, (_unused, offset) =>
      Math.max(1 - Math.abs((offset + first - centre + 0.5) * inverse), 0));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    const factors = raw.map((weight) => Math.trunc(0.5 + (weight / total) * 2 ** PRECISION));
    return [first, factors];
  });
}
