/**
 * Somebody else's text for a sentence: cut, and without what a text of MQTT cannot hold or should not (§1.5.4): control
 * characters, halves of surrogates, non-characters.
 * @param max characters
 */
export function shown(text: string, max: number): string {
  const start = text.length > max ? `${text.slice(0, max)}…` : text;
  return start.replace(unfit, "\ufffd");
}

const unfit = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\ufeff]/gu;
