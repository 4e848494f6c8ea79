/** Text fields that are as high as their text, where the browser does not see to that itself. */

const native = CSS.supports("field-sizing", "content");

export function grow(field: HTMLTextAreaElement | null | undefined): void {
  if (native || !field) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
