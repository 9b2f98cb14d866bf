import fc from "fast-check";

/** Few words, so that filters and names meet often. */
const words = ["", "a", "b", "$SYS", "$share", "__proto__", "constructor", "ünï", "雨", "🐕", " "] as const;

const level = fc.constantFrom(...words);

/** Topic Names of one to five levels. */
export const topicNames: fc.Arbitrary<string> = fc
  .array(level, { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join("/"))
  .filter((topicName) => topicName !== "");

/** Well-formed Topic Filters of one to five levels, most of them with wildcards. */
export const topicFilters: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.oneof(level, fc.constant("+")), { minLength: 0, maxLength: 4 }),
    fc.oneof(level, fc.constantFrom("+", "#")),
  )
  .map(([levels, last]) => [...levels, last].join("/"))
  .filter((topicFilter) => topicFilter !== "");
