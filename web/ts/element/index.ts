/** `import "motet/chat"` makes `<motet-chat>` known to the page. */

import { ChatElement } from "./chat-element.js";
import type { MotetChat as Public } from "./public.js";

export type { ChatEvents, ChatState } from "./events.js";
export type { ModelSource } from "../motet.js";
export type { MoreLoadOptions } from "./public.js";
export type { ChatMessage, Ending, Figures } from "./talk/message.js";
export type { Asking } from "./talk/pieces.js";

export type MotetChat = Public;
/** The element's class. */
export const MotetChat: new () => Public = ChatElement;

// A page may come by the module twice, by two addresses.
if (!customElements.get("motet-chat")) customElements.define("motet-chat", ChatElement);
