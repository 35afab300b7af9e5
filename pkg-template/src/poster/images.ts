// Pictures of a poster: loaded in time, or named with the reason why not.

/** Why a picture is missing. */
export type ImageFault = "POSTER_IMAGE_BLOCKED" | "POSTER_IMAGE_LATE" | "POSTER_IMAGE_BROKEN";

/** Loads a picture so that a canvas may be read after drawing it. */
export async function loadImage(src: string, timeout: number): Promise<HTMLImageElement | ImageFault> {
  const within = new Promise<ImageFault>((done) => setTimeout(done, timeout, "POSTER_IMAGE_LATE"));
  const loaded = load(src, true).catch(async (): Promise<ImageFault> => {
    // A picture that only loads without asking for permission would lock the canvas.
    const isThere = await load(src, false).then(
      () => true,
      () => false,
    );
    return isThere ? "POSTER_IMAGE_BLOCKED" : "POSTER_IMAGE_BROKEN";
  });
  return Promise.race([loaded, within]);
}

function load(src: string, asks: boolean): Promise<HTMLImageElement> {
  return new Promise((done, failed) => {
    const image = new Image();
    if (asks && /^https?:/.test(src)) image.crossOrigin = "anonymous";
    image.onload = () => done(image);
    image.onerror = () => failed(new Error(src));
    image.src = src;
  });
}
