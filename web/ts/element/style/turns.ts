/** Questions and answers. */

import { css } from "lit";

export const turns = css`
  article h2 {
    margin-bottom: 0.2rem;
    overflow: hidden;
    color: var(--accent);
    font: 600 0.95rem/1.4 var(--serif);
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  /* What is out of sight costs nothing. */
  article {
    padding-block: 0.25rem;
    content-visibility: auto;
    contain-intrinsic-block-size: auto 8rem;
  }

  article.user {
    display: flex;
    flex-direction: column;
    align-items: flex-end;
    align-self: flex-end;
    max-width: 85%;
  }

  article.user h2 {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }

  article.user .text {
    padding: 0.6rem 1rem;
    border-radius: 1.15rem 1.15rem 0.3rem;
    background: var(--shade);
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }

  article.edited {
    align-self: stretch;
    max-width: none;
  }

  .editor {
    width: 100%;
    padding: 0.4rem;
    border: 1px solid color-mix(in srgb, var(--accent) 55%, var(--line));
    border-radius: 1.15rem;
    background: var(--raised);
  }

  .editor textarea {
    display: block;
    width: 100%;
    max-height: 50vh;
    padding: 0.35rem 0.7rem;
    border: 0;
    outline: 0;
    background: transparent;
    resize: none;
    field-sizing: content;
  }

  .editor .choices {
    justify-content: flex-end;
    margin-top: 0.4rem;
  }

  .text {
    overflow-wrap: anywhere;
  }

  article[aria-busy="true"] .prose:empty::after,
  article[aria-busy="true"] .prose > :last-child:not(figure, .table, ul, ol, blockquote)::after,
  article[aria-busy="true"] .prose > :is(ul, ol):last-child > li:last-child::after {
    content: "";
    display: inline-block;
    width: 0.5em;
    height: 1.05em;
    margin-inline-start: 0.15em;
    border-radius: 1px;
    background: var(--accent);
    vertical-align: -0.18em;
    animation: breathe 1.2s ease-in-out infinite;
  }

  @keyframes breathe {
    50% {
      opacity: 0.2;
    }
  }

  .below {
    display: flex;
    align-items: center;
    flex-wrap: wrap;
    gap: 0.15rem 0.75rem;
    min-height: 2rem;
    margin-top: 0.35rem;
  }

  .note {
    color: var(--soft);
    font-size: 0.8rem;
    font-variant-numeric: tabular-nums;
  }

  .note:empty {
    display: none;
  }

  .aside {
    margin-bottom: 0.6rem;
    color: var(--soft);
    font-size: 0.85rem;
    font-style: italic;
  }

  .note.error,
  #loader-error {
    padding: 0.65rem 0.9rem;
    border-inline-start: 3px solid var(--accent);
    border-radius: 0.25rem 0.6rem 0.6rem 0.25rem;
    background: color-mix(in srgb, var(--accent) 9%, transparent);
    color: var(--ink);
    font-size: 0.92rem;
    overflow-wrap: anywhere;
  }

  .prose + .note.error,
  .text:has(.prose:not(:empty)) + .note.error {
    margin-top: 0.6rem;
  }

  .actions {
    display: flex;
    align-items: center;
    gap: 0.1rem;
    min-height: 2rem;
    opacity: 0;
    transition: opacity 120ms;
  }

  article.user .actions {
    margin-top: 0.15rem;
  }

  article.user:not(.edited) + article.assistant {
    margin-top: -1.5rem;
  }

  .actions.last,
  article:hover .actions,
  article:focus-within .actions {
    opacity: 1;
  }

  @media (hover: none) {
    .actions {
      opacity: 1;
    }
  }

  .action {
    display: grid;
    place-items: center;
    width: 2rem;
    height: 2rem;
    padding: 0;
    border-radius: 0.5rem;
    background: none;
    color: var(--soft);
  }

  .action:hover:enabled {
    background: var(--shade);
    color: var(--ink);
    filter: none;
  }

  .action svg {
    width: 1.05rem;
    height: 1.05rem;
  }

  .action svg + svg,
  .action.done svg {
    display: none;
  }

  .action.done svg + svg {
    display: block;
    color: var(--accent);
  }

  .thought {
    margin-bottom: 0.75rem;
    font-size: 0.9rem;
  }

  .thought summary {
    width: fit-content;
    color: var(--soft);
    font-variant-numeric: tabular-nums;
    cursor: pointer;
  }

  .thought.busy summary {
    animation: breathe 1.8s ease-in-out infinite;
  }

  .thought .prose {
    margin-top: 0.4rem;
    padding-inline-start: 1rem;
    border-inline-start: 2px solid var(--line);
    color: var(--soft);
  }
`;
