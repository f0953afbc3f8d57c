// MQTT.js by its parts. Its own browser bundle brings a second set of streams, another `process` and no named exports: 340 kB
// instead of 47.
import client from 'mqtt/lib/client';
import provider from 'mqtt/lib/unique-message-id-provider';

/** What a CommonJS module gives as its default: the export itself, or the module around it, as bundlers differ. */
function exported<T>(loaded: T | { readonly default: T }): T {
  return typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : loaded;
}

export const MqttClient = exported(client);
export const UniqueMessageIdProvider = exported(provider);
