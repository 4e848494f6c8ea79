/** Which kernels a GPU is fastest with: measured when it is met first, and kept on the device. */

import type { Engine } from "./motet_web.js";
import type { EngineOptions, Kernels } from "./protocol.js";

/** In the root of the origin private file system; the number is the format's. */
const FILE = "motet-tuning-1.json";

/** The device with the kernels that are to be used. */
export async function tuned(device: Engine, tune: NonNullable<EngineOptions["tune"]>): Promise<Engine> {
  if (tune === "off") return device;
  const [key, kept] = [await keyOf(device), await read()];
  if (tune === "auto") {
    const engine = withKept(device, kept[key]);
    if (engine) return engine;
    // What is fastest on adapters that compute on the CPU is known.
    if (device.info().software) return device;
  }
  const { kernels } = await device.tune();
  await keep({ ...kept, [key]: kernels });
  return device.withKernels(kernels);
}

/** wgpu knows no names of adapters in a browser, so the browser is asked, too: for the adapter that wgpu asks for. */
async function keyOf(device: Engine): Promise<string> {
  const info = (await navigator.gpu.requestAdapter({ powerPreference: "high-performance" }))?.info;
  return [info?.vendor, info?.architecture, info?.device, info?.description, device.tuningKey()].join(" ").trim();
}

/** What is kept may be of another make: then it counts as nothing. */
function withKept(device: Engine, kernels: Kernels | undefined): Engine | undefined {
  try {
    return kernels && device.withKernels(kernels);
  } catch {
    return undefined;
  }
}

async function read(): Promise<Record<string, Kernels>> {
  try {
    const folder = await navigator.storage.getDirectory();
    const kept: unknown = JSON.parse(await (await (await folder.getFileHandle(FILE)).getFile()).text());
    return typeof kept === "object" && kept !== null ? (kept as Record<string, Kernels>) : {};
  } catch {
    return {};
  }
}

/** Where nothing can be kept, the next time measures again. */
async function keep(kept: Record<string, Kernels>): Promise<void> {
  try {
    const folder = await navigator.storage.getDirectory();
    const file = await folder.getFileHandle(FILE, { create: true });
    const writer = await file.createWritable();
    await writer.write(JSON.stringify(kept));
    await writer.close();
  } catch {
    // A private window, or a browser without such files.
  }
}
