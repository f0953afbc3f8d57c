/**
 * Limits and time-outs of the platform (section 8). Mirrors of S8 differ with their year; where they do, the constant says so.
 * These are figures only: every edition leaves the limits off until `limits: vendor` turns them on.
 */

/** Shortest keep-alive of an ordinary connection, in seconds (S7, RULE-58). Registrations are free of it (RULE-03). */
export const KEEP_ALIVE_MIN = 30;
/** Longest keep-alive, in seconds (S7, RULE-58). Above it K1 says clamped, S7 says refused (C8). */
export const KEEP_ALIVE_MAX = 1200;
/** A client silent for this many keep-alives is dropped at the next scan (S7). */
export const KEEP_ALIVE_FACTOR = 1.5;
/** Interval of the scan for silent clients, in ms (S7). */
export const KEEP_ALIVE_SCAN_MS = 30_000;

/** A registration connection is closed this long after its reply, in ms (S1, RULE-06; that it counts from the reply is our default). */
export const REGISTRATION_CLOSE_MS = 15_000;
/** How long K1 waits for its credentials after CONNACK, in ms: a platform that takes longer loses it (section 10). */
export const REGISTRATION_REPLY_DEADLINE_MS = 5_000;

/** ClientIDs that one DeviceName may have (S0, RULE-39). */
export const CLIENT_IDS_PER_DEVICE = 5;
/** A product page warns from this many ClientIDs of one DeviceName on (S0, RULE-42). */
export const CLIENT_IDS_WARNING = 2;
/** Live connections of one certificate (S8, RULE-57). */
export const CONNECTIONS_PER_DEVICE = 1;

/** CONNECTs of one device in CONNECT_WINDOW_MS (S8; another revision: one a second, C14). */
export const CONNECTS_PER_DEVICE = 5;
/** Window of CONNECTS_PER_DEVICE, in ms (S8). */
export const CONNECT_WINDOW_MS = 60_000;
/** CONNECTs of one account a second (S8). */
export const CONNECTS_PER_ACCOUNT_PER_SECOND = 500;

/** Largest message, in bytes (S8). */
export const MESSAGE_BYTES_MAX = 256 * 1024;
/** Longest topic, in bytes of UTF-8 (S8). */
export const TOPIC_BYTES_MAX = 128;
/** Most slashes in a topic (S8). */
export const TOPIC_SLASHES_MAX = 7;
/** Custom topic classes of one product (S8). */
export const CUSTOM_TOPICS_PER_PRODUCT = 50;
/** Subscriptions of one device; the next is refused in the SUBACK (S8). */
export const SUBSCRIPTIONS_PER_DEVICE = 100;
/** Filters in one SUBSCRIBE (S8). */
export const FILTERS_PER_SUBSCRIBE = 8;
/** Time until a subscription takes effect, about, in ms (S8). */
export const SUBSCRIPTION_DELAY_MS = 10_000;

/** Uplink messages of one device a second at QoS 0 (S8). */
export const UPLINK_QOS0_PER_SECOND = 30;
/** Uplink messages of one device a second at QoS 1 (S8). */
export const UPLINK_QOS1_PER_SECOND = 10;
/** Downlink messages to one device a second (S8). */
export const DOWNLINK_PER_SECOND = 50;
/** Bandwidth of one connection, in bytes a second (S8). */
export const BANDWIDTH_BYTES_PER_SECOND = 1024 * 1024;
/** QoS 1 messages to one client without a PUBACK (S8; a log text says 50, C14). */
export const UNACKNOWLEDGED_MAX = 100;
/** How long QoS 1 messages wait for an offline device, in ms: seven days (S8). */
export const QUEUE_RETENTION_MS = 7 * 24 * 60 * 60 * 1000;
/** Properties in one post (S9, code 6106). */
export const PROPERTIES_PER_POST = 200;

/** Products of one account (S8). */
export const PRODUCTS_PER_ACCOUNT = 1000;
/** Devices of one product: the smallest of the published figures (S8). */
export const DEVICES_PER_PRODUCT = 500_000;
/** Sub-devices of one gateway: the smaller of the published figures (S8). */
export const SUB_DEVICES_PER_GATEWAY = 1500;
/** Sub-devices in one registration request (S8). */
export const SUB_DEVICES_PER_REQUEST = 30;

/** Calls a second of a cloud operation that is not in CLOUD_CALLS_PER_SECOND (S8, S13). */
export const CLOUD_CALLS_PER_SECOND_DEFAULT = 50;
/** Calls a second by cloud operation (S8, S12, S13). */
export const CLOUD_CALLS_PER_SECOND: Readonly<Record<string, number>> = {
  GetDeviceStatus: 500,
  ResetThing: 500,
  DisableThing: 500,
  EnableThing: 500,
  DeleteDevice: 50,
  RegisterDevice: 30,
  BatchCheckDeviceNames: 10,
  QueryClientIds: 10,
  TransformClientId: 10,
  DeleteClientIds: 10,
};
/** DeviceNames in one BatchCheckDeviceNames (S13). */
export const NAMES_PER_BATCH = 10_000;
