/** Markdown, and the programs in it. */

import { css } from "lit";

export const prose = css`
  .prose {
    line-height: 1.65;
    white-space: pre-wrap;
  }

  .prose > * {
    white-space: normal;
  }

  .prose > * {
    margin: 0.8em 0;
  }

  .prose > :first-child {
    margin-top: 0;
  }

  .prose > :last-child {
    margin-bottom: 0;
  }

  .prose :is(h3, h4, h5, h6) {
    margin: 1.4em 0 0.5em;
    font: 600 1rem/1.3 var(--serif);
    text-wrap: balance;
  }

  .prose h3 {
    font-size: 1.4rem;
  }

  .prose h4 {
    font-size: 1.2rem;
  }

  .prose h5 {
    font-size: 1.05rem;
  }

  .prose :is(ul, ol) {
    padding-inline-start: 1.5em;
  }

  .prose li {
    margin: 0.25em 0;
  }

  .prose li > :is(ul, ol) {
    margin: 0.25em 0;
  }

  .prose li > p {
    margin: 0.5em 0;
  }

  .prose li::marker {
    color: var(--accent);
    font-variant-numeric: tabular-nums;
  }

  .prose blockquote {
    margin-inline: 0;
    padding-inline-start: 1rem;
    border-inline-start: 2px solid var(--accent);
    color: var(--soft);
  }

  .prose blockquote > p {
    margin: 0.5em 0;
  }

  .prose hr {
    width: 4rem;
    margin: 1.6em auto;
    border: 0;
    border-top: 1px solid var(--accent);
  }

  .prose a {
    color: inherit;
    text-decoration-color: var(--accent);
    text-decoration-thickness: 0.08em;
    text-underline-offset: 0.2em;
  }

  .prose a:hover {
    color: var(--accent);
  }

  .prose small {
    color: var(--soft);
    font-style: italic;
  }

  .table {
    overflow-x: auto;
  }

  .prose table {
    border-collapse: collapse;
    font-size: 0.92em;
    font-variant-numeric: tabular-nums;
  }

  .prose :is(th, td) {
    padding: 0.4em 1.2em 0.4em 0;
    border-bottom: 1px solid var(--line);
    text-align: start;
    vertical-align: top;
    overflow-wrap: normal;
  }

  .prose th {
    border-bottom-color: var(--soft);
    font-weight: 600;
  }

  .prose :is(th, td)[align="right"] {
    text-align: end;
  }

  .prose :is(th, td)[align="center"] {
    text-align: center;
  }

  .prose code {
    font-family: var(--mono);
    font-size: 0.88em;
  }

  .prose :not(pre) > code {
    padding: 0.12em 0.35em;
    border-radius: 0.3em;
    background: var(--shade);
  }

  .code {
    overflow: hidden;
    margin: 0.8em 0;
    border: 1px solid var(--line);
    border-radius: 0.75rem;
    background: var(--raised);
  }

  .code figcaption {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding: 0.2rem 0.4rem 0.2rem 0.95rem;
    border-bottom: 1px solid var(--line);
    color: var(--soft);
    font-size: 0.78rem;
  }

  .code button {
    padding: 0.2rem 0.55rem;
    border-radius: 0.4rem;
    background: none;
    color: var(--soft);
    font-size: inherit;
  }

  .code button:hover {
    background: var(--shade);
    color: var(--ink);
    filter: none;
  }

  .code pre {
    margin: 0;
    padding: 0.8rem 0.95rem 0.9rem;
    overflow-x: auto;
    outline-offset: -2px;
    line-height: 1.5;
    tab-size: 4;
    white-space: pre;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
  }

  .code code {
    font-size: 0.86rem;
    overflow-wrap: normal;
  }

  :is(.hljs-comment, .hljs-quote, .hljs-meta) {
    color: light-dark(#6f6558, #9c9184);
    font-style: italic;
  }

  :is(.hljs-keyword, .hljs-selector-tag, .hljs-literal, .hljs-section, .hljs-name, .hljs-deletion) {
    color: var(--accent);
  }

  :is(.hljs-string, .hljs-regexp, .hljs-addition, .hljs-symbol, .hljs-bullet) {
    color: light-dark(#3f6a35, #a5c48a);
  }

  :is(.hljs-number, .hljs-attr, .hljs-attribute, .hljs-link) {
    color: light-dark(#1f5f86, #8fbcd8);
  }

  :is(.hljs-title, .hljs-built_in, .hljs-type, .hljs-variable, .hljs-selector-class, .hljs-selector-id) {
    color: light-dark(#7d5210, #dcb573);
  }

  .hljs-emphasis {
    font-style: italic;
  }
`;
