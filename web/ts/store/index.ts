/** Weights of models in the origin private file system: fetched once, and there when there is no network. */

export { fileName, type ModelAddress, modelAddress } from "./address.js";
export { blobReader } from "./blob.js";
export { ReadError, type Reason } from "./failure.js";
export { listStored, removeStored, type StoredModel } from "./list.js";
export { openStored, type OpenOptions } from "./open.js";
export type { Reader } from "./reader.js";
export { askToPersist } from "./room.js";
