import type { Publish, PublishProperties } from "./packet.ts";
import { noUserProperties } from "./packet.ts";
import { identifierOf } from "./property.ts";
import { encodedBinaryLength, encodedTextLength, textLength, variableByteLength, type Writer } from "./writer.ts";

/*
 * The Properties of a message, and those of its transmission. They are written for every PUBLISH, so they are measured
 * and written field by field and not row by row of the table; the bytes are the same.
 */

/** What a PUBLISH carries as Properties (§3.3.2.3). */
export type TransmittedProperties = Pick<Publish, "properties" | "topicAlias" | "subscriptionIdentifiers">;

/** What Properties of a message are copied from; not frozen, because copies of frozen objects are slow. */
export const emptyPublishProperties: PublishProperties = {
  payloadFormatIndicator: undefined,
  messageExpiryIntervalSeconds: undefined,
  contentType: undefined,
  responseTopic: undefined,
  correlationData: undefined,
  userProperties: noUserProperties,
};

/** A message without Properties; shared. */
export const noPublishProperties: PublishProperties = Object.freeze({ ...emptyPublishProperties });

const payloadFormatIndicatorId = identifierOf("payloadFormatIndicator");
const messageExpiryIntervalId = identifierOf("messageExpiryIntervalSeconds");
const contentTypeId = identifierOf("contentType");
const responseTopicId = identifierOf("responseTopic");
const correlationDataId = identifierOf("correlationData");
const subscriptionIdentifierId = identifierOf("subscriptionIdentifiers");
const topicAliasId = identifierOf("topicAlias");
const userPropertyId = identifierOf("userProperties");

/** The Properties of a message alone, out of an object that may hold more; the shared empty ones when there are none. */
export function publishPropertiesOf(block: PublishProperties): PublishProperties {
  if (isEmpty(block)) return noPublishProperties;
  return {
    payloadFormatIndicator: block.payloadFormatIndicator,
    messageExpiryIntervalSeconds: block.messageExpiryIntervalSeconds,
    contentType: block.contentType,
    responseTopic: block.responseTopic,
    correlationData: block.correlationData,
    userProperties: block.userProperties,
  };
}

/** The bytes of all Properties of a PUBLISH, without the Property Length before them. */
export function transmittedPropertiesLength(transmitted: TransmittedProperties): number {
  const { properties, subscriptionIdentifiers, topicAlias } = transmitted;
  let length = properties === noPublishProperties ? 0 : messagePropertiesLength(properties);
  if (topicAlias !== undefined) length += 3;
  for (let index = 0; index < subscriptionIdentifiers.length; index += 1) {
    length += 1 + variableByteLength(subscriptionIdentifiers[index]!);
  }
  return length;
}

/** Writes all Properties of a PUBLISH, without the Property Length before them. */
export function writeTransmittedProperties(transmitted: TransmittedProperties, writer: Writer): void {
  const { properties, topicAlias } = transmitted;
  if (properties !== noPublishProperties) writeMessageProperties(properties, writer);
  if (topicAlias !== undefined) {
    writer.byte(topicAliasId);
    writer.twoByte(topicAlias);
  }
  for (const identifier of transmitted.subscriptionIdentifiers) {
    writer.byte(subscriptionIdentifierId);
    writer.variableByte(identifier);
  }
}

function isEmpty(properties: PublishProperties): boolean {
  return (
    properties.payloadFormatIndicator === undefined &&
    properties.messageExpiryIntervalSeconds === undefined &&
    properties.contentType === undefined &&
    properties.responseTopic === undefined &&
    properties.correlationData === undefined &&
    properties.userProperties.length === 0
  );
}

function messagePropertiesLength(properties: PublishProperties): number {
  const { contentType, responseTopic, correlationData, userProperties } = properties;
  let length = 0;
  if (properties.payloadFormatIndicator !== undefined) length += 2;
  if (properties.messageExpiryIntervalSeconds !== undefined) length += 5;
  if (contentType !== undefined) length += 1 + encodedTextLength(contentType);
  if (responseTopic !== undefined) length += 1 + encodedTextLength(responseTopic);
  if (correlationData !== undefined) length += 1 + encodedBinaryLength(correlationData);
  for (const [name, value] of userProperties) length += 1 + encodedTextLength(name) + encodedTextLength(value);
  return length;
}

function writeMessageProperties(properties: PublishProperties, writer: Writer): void {
  const { payloadFormatIndicator, messageExpiryIntervalSeconds, correlationData } = properties;
  if (payloadFormatIndicator !== undefined) {
    writer.byte(payloadFormatIndicatorId);
    writer.byte(payloadFormatIndicator);
  }
  if (messageExpiryIntervalSeconds !== undefined) {
    writer.byte(messageExpiryIntervalId);
    writer.fourByte(messageExpiryIntervalSeconds);
  }
  if (properties.contentType !== undefined) writeText(contentTypeId, properties.contentType, writer);
  if (properties.responseTopic !== undefined) writeText(responseTopicId, properties.responseTopic, writer);
  if (correlationData !== undefined) {
    writer.byte(correlationDataId);
    writer.binary(correlationData);
  }
  for (const [name, value] of properties.userProperties) {
    writeText(userPropertyId, name, writer);
    writer.text(value, textLength(value));
  }
}

function writeText(identifier: number, value: string, writer: Writer): void {
  writer.byte(identifier);
  writer.text(value, textLength(value));
}
