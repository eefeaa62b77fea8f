/**
 * The WebGL2 brush: three one-byte textures per tile (Y, U, V), turned into colour and rounded corners by the shader.
 */

/** @typedef {import("./painter.js").Brush} Brush */

const VERTEX = `#version 300 es
uniform vec4 box;
uniform vec4 crop;
out vec2 at;
out vec2 texel;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  at = corner;
  texel = crop.xy + corner * crop.zw;
  gl_Position = vec4(box.xy + corner * box.zw, 0.0, 1.0);
}`;

// BT.601, limited range: what the engine's I420 is.
const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D luma;
uniform sampler2D blue;
uniform sampler2D red;
uniform vec2 size;
uniform float radius;
in vec2 at;
in vec2 texel;
out vec4 colour;
void main() {
  vec2 outside = abs(at - 0.5) * size - size * 0.5 + radius;
  float edge = length(max(outside, 0.0)) - radius;
  float cover = clamp(0.5 - edge, 0.0, 1.0);
  float y = 1.1644 * (texture(luma, texel).r - 0.0627);
  float u = texture(blue, texel).r - 0.5;
  float v = texture(red, texel).r - 0.5;
  vec3 rgb = clamp(vec3(y + 1.596 * v, y - 0.3918 * u - 0.813 * v, y + 2.0172 * u), 0.0, 1.0);
  bool bar = texel.x < 0.0 || texel.x > 1.0 || texel.y < 0.0 || texel.y > 1.0;
  colour = vec4(bar ? vec3(0.0) : rgb, 1.0) * cover;
}`;

/**
 * @param {HTMLCanvasElement} canvas @param {() => void} onRestored after the graphics card was lost and is back
 * @returns {Brush | null} null where there is no WebGL2
 */
export function paintWithGl(canvas, onRestored) {
  const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, powerPreference: "low-power" });
  if (!gl) return null;
  /** @type {Map<string, { textures: WebGLTexture[], width: number, height: number }>} */
  const tiles = new Map();
  let uniform = prepare(gl);

  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    tiles.clear();
  });
  canvas.addEventListener("webglcontextrestored", () => {
    uniform = prepare(gl);
    onRestored();
  });

  /** @param {import("./frames.js").Frame} frame */
  const upload = (frame) => {
    const { width, height, data } = frame;
    let tile = tiles.get(frame.tile);
    const same = tile?.width === width && tile.height === height;
    if (!tile) tiles.set(frame.tile, (tile = { textures: planes(gl), width, height }));
    [tile.width, tile.height] = [width, height];
    const luma = width * height;
    const chroma = luma / 4;
    const parts = [data.subarray(0, luma), data.subarray(luma, luma + chroma), data.subarray(luma + chroma)];
    parts.forEach((part, index) => {
      const [w, h] = index ? [width / 2, height / 2] : [width, height];
      gl.bindTexture(gl.TEXTURE_2D, /** @type {any} */ (tile).textures[index]);
      if (same) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, w, h, gl.RED, gl.UNSIGNED_BYTE, part);
      else gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, w, h, 0, gl.RED, gl.UNSIGNED_BYTE, part);
    });
    return tile;
  };

  return {
    begin(width, height) {
      gl.viewport(0, 0, width, height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
    },
    picture(frame, fresh, place, crop) {
      if (gl.isContextLost()) return;
      const known = tiles.get(frame.tile);
      const tile = fresh || !known ? upload(frame) : known;
      tile.textures.forEach((texture, index) => {
        gl.activeTexture(gl.TEXTURE0 + index);
        gl.bindTexture(gl.TEXTURE_2D, texture);
      });
      gl.activeTexture(gl.TEXTURE0);
      const { width, height } = canvas;
      const [across, down] = [(2 * place.width) / width, (-2 * place.height) / height];
      gl.uniform4f(uniform.box, (2 * place.x) / width - 1, 1 - (2 * place.y) / height, across, down);
      gl.uniform4f(uniform.crop, place.mirrored ? crop.x + crop.width : crop.x, crop.y, place.mirrored ? -crop.width : crop.width, crop.height);
      gl.uniform2f(uniform.size, place.width, place.height);
      gl.uniform1f(uniform.radius, place.radius);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    },
    forget(id) {
      for (const texture of tiles.get(id)?.textures ?? []) gl.deleteTexture(texture);
      tiles.delete(id);
    },
  };
}

/** Compiles the program and names its uniforms. @param {WebGL2RenderingContext} gl */
function prepare(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of /** @type {const} */ ([[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  /** @param {string} name */
  const at = (name) => gl.getUniformLocation(program, name);
  ["luma", "blue", "red"].forEach((name, index) => gl.uniform1i(at(name), index));
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  return { box: at("box"), crop: at("crop"), size: at("size"), radius: at("radius") };
}

/** Three empty textures. @param {WebGL2RenderingContext} gl */
function planes(gl) {
  return [0, 1, 2].map(() => {
    const texture = /** @type {WebGLTexture} */ (gl.createTexture());
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    for (const zoom of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, zoom, gl.LINEAR);
    return texture;
  });
}
