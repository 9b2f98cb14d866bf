/**
 * Whether every Topic Name that `narrow` matches is matched by `wide` too (§4.7). Both are well-formed Topic Filters
 * without `$share/{ShareName}/`.
 */
export function covers(wide: string, narrow: string): boolean {
  if (hidesDollar(wide) && narrow.startsWith("$")) return false;
  const wideLevels = levelsOf(wide);
  const narrowLevels = levelsOf(narrow);
  for (const [index, wideLevel] of wideLevels.entries()) {
    // # matches the parent level too, so nothing need be left of the other filter.
    if (wideLevel === "#") return true;
    const narrowLevel = narrowLevels[index];
    if (narrowLevel === undefined || narrowLevel === "#") return false;
    if (wideLevel !== "+" && wideLevel !== narrowLevel) return false;
  }
  return narrowLevels.length === wideLevels.length;
}

/** Whether some Topic Name is matched by both (§4.7). Both are well-formed as for `covers`. */
export function overlaps(first: string, second: string): boolean {
  if (hidesDollar(first) && second.startsWith("$")) return false;
  if (hidesDollar(second) && first.startsWith("$")) return false;
  const firstLevels = levelsOf(first);
  const secondLevels = levelsOf(second);
  for (const [index, firstLevel] of firstLevels.entries()) {
    const secondLevel = secondLevels[index];
    if (firstLevel === "#" || secondLevel === "#") return true;
    if (secondLevel === undefined) return false;
    if (firstLevel !== "+" && secondLevel !== "+" && firstLevel !== secondLevel) return false;
  }
  const next = secondLevels[firstLevels.length];
  return next === undefined || next === "#";
}

/** [MQTT-4.7.2-1] [MQTT311-4.7.2-1] */
function hidesDollar(topicFilter: string): boolean {
  return topicFilter.startsWith("+") || topicFilter.startsWith("#");
}

/** No Topic Name is empty, so `#` says the same as `+/#`, and `/#` as `/+/#`. */
function levelsOf(topicFilter: string): readonly string[] {
  if (topicFilter === "#") return ["+", "#"];
  return (topicFilter === "/#" ? "/+/#" : topicFilter).split("/");
}
