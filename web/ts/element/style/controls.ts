/** Buttons, fields, the composer and the model's panel. */

import { css } from "lit";

export const controls = css`
  button,
  textarea {
    margin: 0;
    color: inherit;
    font: inherit;
  }

  button,
  ::slotted(button) {
    padding: 0.45rem 0.95rem;
    border: 1px solid transparent;
    border-radius: 999px;
    background: var(--accent);
    color: var(--on-accent);
    font-size: 0.9rem;
    line-height: 1.4;
    cursor: pointer;
    transition: background-color 120ms, border-color 120ms, opacity 120ms;
  }

  button:hover:enabled {
    filter: brightness(1.07);
  }

  button:disabled {
    cursor: default;
    opacity: 0.5;
  }

  button.quiet {
    border-color: var(--line);
    background: transparent;
    color: var(--ink);
  }

  button.quiet:hover:enabled {
    background: var(--shade);
  }

  button.small {
    padding: 0.15rem 0.75rem;
    font-size: 0.8rem;
  }

  button.link {
    padding: 0.15rem 0;
    border: 0;
    border-radius: 2px;
    background: none;
    color: var(--ink);
    font-size: inherit;
    text-decoration: underline;
    text-decoration-color: var(--accent);
    text-underline-offset: 0.2em;
  }

  button.round {
    display: grid;
    flex: none;
    place-items: center;
    width: 2.5rem;
    height: 2.5rem;
    padding: 0;
  }

  ::placeholder {
    color: var(--soft);
    opacity: 1;
  }

  .choices {
    display: flex;
    flex-wrap: wrap;
    gap: 0.6rem;
    margin-top: 1rem;
  }

  #composer {
    display: flex;
    align-items: flex-end;
    gap: 0.5rem;
    padding: 0.4rem;
    border: 1px solid var(--line);
    border-radius: 1.6rem;
    background: var(--raised);
    box-shadow: var(--shadow);
    transition: border-color 120ms;
  }

  #composer:focus-within {
    border-color: color-mix(in srgb, var(--accent) 55%, var(--line));
  }

  #input {
    flex: 1;
    min-width: 0;
    min-height: 2.5rem;
    max-height: min(12rem, 40dvh);
    padding: 0.45rem 0.8rem;
    border: 0;
    outline: 0;
    background: transparent;
    line-height: 1.6;
    resize: none;
    field-sizing: content;
  }

  #send:disabled {
    background: var(--shade);
    color: var(--soft);
    opacity: 1;
  }

  #stop rect {
    fill: currentcolor;
    stroke: none;
  }

  #loader {
    padding: 1rem 1.2rem 1.1rem;
    border: 1px solid var(--line);
    border-radius: 1rem;
    background: var(--raised);
    font-size: 0.9rem;
  }

  #loader .line {
    display: flex;
    justify-content: space-between;
    gap: 1rem;
    color: var(--soft);
    font-variant-numeric: tabular-nums;
  }

  #loader .warning {
    color: var(--accent);
  }

  #loader strong {
    overflow: hidden;
    color: var(--ink);
    font-weight: 600;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  #loader-percent {
    flex: none;
  }

  #loader-error {
    margin-top: 0.7rem;
  }

  progress {
    display: block;
    width: 100%;
    height: 0.4rem;
    margin: 0.7rem 0 0.6rem;
    overflow: hidden;
    border: 0;
    border-radius: 999px;
    background: var(--shade);
    appearance: none;
  }

  progress::-webkit-progress-bar {
    background: var(--shade);
  }

  progress::-webkit-progress-value {
    border-radius: 999px;
    background: var(--accent);
    transition: inline-size 200ms;
  }

  progress::-moz-progress-bar {
    border-radius: 999px;
    background: var(--accent);
  }
`;
