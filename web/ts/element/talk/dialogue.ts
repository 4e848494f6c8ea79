/** Asking and answering: the conversation, the answer that is being written, and what of both is on the screen. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Motet } from "../../motet.js";
import { emit } from "../events.js";
import { AnswerView } from "../view/answer-view.js";
import { Speech } from "../view/speech.js";
import { Conversation, type Turn } from "./conversation.js";
import type { ChatMessage } from "./message.js";
import { answered, type Asking, continued, type Piece } from "./pieces.js";
import { Writing } from "./writing.js";

/** An answer is drawn at most this often. */
const PAINT_MS = 80;

/** What a dialogue needs of the element around it. */
export interface Surroundings {
  motet(): Motet | undefined;
  system(): string;
  asking(): Asking;
  /** A question got no answer: it goes back to where it can be changed and sent again. */
  returned(question: string): void;
  /** The engine is gone. */
  gone(failure: Error): void;
}

type Ask = (motet: Motet, before: ChatMessage[], asking: Asking, signal: AbortSignal) => AsyncIterable<Piece>;

export class Dialogue implements ReactiveController {
  readonly speech = new Speech();
  readonly #conversation = new Conversation();
  readonly #views = new WeakMap<Turn, AnswerView>();
  #writing: Writing | undefined;
  #paint: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly host: ReactiveControllerHost & HTMLElement,
    private readonly around: Surroundings,
  ) {
    host.addController(this);
  }

  get turns(): readonly Turn[] {
    return this.#conversation.turns;
  }

  get writing(): Writing | undefined {
    return this.#writing;
  }

  get undoable(): string | undefined {
    return this.#conversation.undoable;
  }

  get messages(): ChatMessage[] {
    return this.#conversation.messages;
  }

  set messages(messages: ChatMessage[]) {
    this.#drop();
    this.#conversation.replace(messages);
    this.host.requestUpdate();
  }

  /** The model that answers. */
  get modelName(): string {
    return this.around.motet()?.model.name ?? "Model";
  }

  /** What an answer has on the screen. */
  view(turn: Turn): AnswerView {
    const view = this.#views.get(turn) ?? new AnswerView(turn);
    this.#views.set(turn, view);
    return view;
  }

  /** Asks `question`; resolves with the answer once it has ended. */
  async send(question: string): Promise<ChatMessage | undefined> {
    if (!question || this.#writing || !this.around.motet()) return undefined;
    const { answer } = this.#conversation.ask(question);
    emit(this.host, "motet-message", { message: { role: "user", content: question } });
    return this.#write(answer, answered);
  }

  /** Has the last question answered once more. */
  async again(): Promise<void> {
    if (!this.around.motet()) return;
    this.#drop();
    const answer = this.#conversation.again();
    if (answer) await this.#write(answer, answered);
  }

  /** Asks `question` in place of `old`. */
  async instead(old: Turn, question: string): Promise<void> {
    if (!question || !this.around.motet()) return;
    this.#drop();
    const { answer } = this.#conversation.instead(old, question);
    emit(this.host, "motet-message", { message: { role: "user", content: question } });
    await this.#write(answer, answered);
  }

  /** Goes on with an answer that was cut off. */
  async goOn(turn: Turn): Promise<void> {
    if (this.#writing || !this.around.motet()) return;
    const { content, leftOut } = turn;
    await this.#write(turn, (motet, before, asking, signal) =>
      continued(motet, fitting(before, leftOut), content, asking, signal),
    );
  }

  stop(): void {
    this.#writing?.stop();
  }

  clear(): void {
    this.#drop();
    this.#conversation.clear();
    this.#changed();
  }

  undo(): void {
    this.#drop();
    this.#conversation.undo();
    this.#changed();
  }

  /** Lets what could be undone go. */
  settle(): void {
    this.#conversation.settle();
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    queueMicrotask(() => {
      if (!this.host.isConnected) this.stop();
    });
  }

  async #write(turn: Turn, ask: Ask): Promise<ChatMessage | undefined> {
    const motet = this.around.motet();
    if (!motet) return undefined;
    const writing = new Writing(turn);
    this.#writing = writing;
    const view = this.view(turn);
    view.reopen();
    this.speech.begin(view.prose.root);
    this.#changed();
    const system = this.around.system();
    const before = this.#conversation.before(turn);
    const heads = before.some(({ role }) => role === "system") || !system;
    const messages: ChatMessage[] = heads ? before : [{ role: "system", content: system }, ...before];
    const error = await writing.take(ask(motet, messages, this.around.asking(), writing.signal), (piece) => {
      if (piece.content || piece.reasoning) {
        emit(this.host, "motet-token", { content: piece.content ?? "", reasoning: piece.reasoning ?? "" });
      }
      this.#paint ??= setTimeout(() => this.#draw(view), PAINT_MS);
    });
    turn.model = motet.model.name;
    if (this.#writing !== writing) {
      // The conversation took another way meanwhile; this one may be come back to.
      view.update();
      return undefined;
    }
    this.#writing = undefined;
    this.#draw(view);
    if (error) this.#failed(motet, error);
    if (!turn.content) this.around.returned(before.at(-1)?.content ?? "");
    this.#changed();
    const message: ChatMessage | undefined = turn.content ? this.messages.at(-1) : undefined;
    if (message) emit(this.host, "motet-message", { message });
    void this.#weigh(motet, turn);
    return message;
  }

  #failed(motet: Motet, error: Error): void {
    emit(this.host, "motet-error", { error, during: "answer" });
    if (motet.failure) this.around.gone(motet.failure);
  }

  /** Draws what is there of the answer, and has its finished sentences spoken. */
  #draw(view: AnswerView): void {
    clearTimeout(this.#paint);
    this.#paint = undefined;
    view.update();
    this.speech.follow(view.prose.root, view.isFinished);
    this.host.requestUpdate();
  }

  /** Adds the memory in use to the figures. It is asked for last, since the answer does not wait for it. */
  async #weigh(motet: Motet, turn: Turn): Promise<void> {
    const { figures } = turn;
    if (!figures || figures.tokens === 0) return;
    try {
      const { wasmBytes } = await motet.stats();
      figures.memory = motet.model.weightBytes + wasmBytes;
    } catch {
      return;
    }
    this.#changed();
  }

  /** Leaves the answer that is being written. */
  #drop(): void {
    clearTimeout(this.#paint);
    this.#paint = undefined;
    this.#writing?.stop();
    this.#writing = undefined;
  }

  #changed(): void {
    emit(this.host, "motet-change", { messages: this.messages });
    this.host.requestUpdate();
  }
}

/** What the model saw of `messages` when the first ones were left out; what it was told beforehand never is. */
function fitting(messages: readonly ChatMessage[], leftOut: number): ChatMessage[] {
  let left = leftOut;
  return messages.filter(({ role }) => role === "system" || left-- <= 0);
}
