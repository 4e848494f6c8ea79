/** The element's style, as one list. */

import { controls } from "./controls.js";
import { frame } from "./frame.js";
import { prose } from "./prose.js";
import { theme } from "./theme.js";
import { turns } from "./turns.js";

export const styles = [theme, frame, controls, turns, prose];
