/**
 * Whether a Topic Filter matches a Topic Name, straight from §4.7: the reference that the tries are tested against.
 */
export function matches(topicFilter: string, topicName: string): boolean {
  // [MQTT-4.7.2-1] [MQTT311-4.7.2-1]
  if (topicName.startsWith("$") && (topicFilter.startsWith("+") || topicFilter.startsWith("#"))) return false;
  const filterLevels = topicFilter.split("/");
  const nameLevels = topicName.split("/");
  for (const [index, level] of filterLevels.entries()) {
    // The parent level itself and everything below it (§4.7.1.2).
    if (level === "#") return true;
    const name = nameLevels[index];
    if (name === undefined) return false;
    // [MQTT-4.7.3-4] [MQTT311-4.7.3-4]
    if (level !== "+" && level !== name) return false;
  }
  return filterLevels.length === nameLevels.length;
}
