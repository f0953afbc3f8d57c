"""A device as its vendor would write it with Debian's paho: registration over TLS, a connection, a property post and its reply.

Usage: paho_device.py CA TLS_PORT CONNECT_PORT tls|tcp register|regnwl 3.1|3.1.1 SIGN_METHOD PRODUCT_KEY PRODUCT_SECRET DEVICE_NAME
Prints one line of JSON: what it was issued, and the answer to its post. A refusal is {"refused": CONNACK_CODE}.
"""

import hashlib
import hmac
import json
import queue
import sys
import time

import paho.mqtt.client as mqtt

CA, TLS_PORT, CONNECT_PORT, CARRIER, MODE, VERSION, METHOD, PRODUCT_KEY, PRODUCT_SECRET, DEVICE_NAME = sys.argv[1:]
WAIT = 15


class Refused(Exception):
    """CONNACK with a code that is not 0."""


def sign(key, content):
    digest = getattr(hashlib, METHOD.removeprefix("hmac"))
    return hmac.new(key.encode(), content.encode(), digest).hexdigest().upper()


class Session:
    """One connection; what happens on it goes into a queue."""

    def __init__(self, client_id, password, port, encrypted):
        # The second major version asks which signatures its call-backs are to have; Debian 12 has the first.
        api = getattr(mqtt, "CallbackAPIVersion", None)
        self.client = mqtt.Client(
            *([api.VERSION1] if api else []), client_id=client_id, protocol=mqtt.MQTTv31 if VERSION == "3.1" else mqtt.MQTTv311
        )
        self.client.username_pw_set(f"{DEVICE_NAME}&{PRODUCT_KEY}", password)
        if encrypted:
            self.client.tls_set(CA)
        self.events = queue.Queue()
        self.client.on_connect = lambda _client, _user, _flags, code: self.events.put(("connack", code))
        self.client.on_subscribe = lambda _client, _user, _mid, granted: self.events.put(("suback", list(granted)))
        self.client.on_publish = lambda _client, _user, _mid: self.events.put(("published", None))
        self.client.on_message = lambda _client, _user, message: self.events.put((message.topic, message.payload.decode()))
        self.client.connect("localhost", port, keepalive=60)
        self.client.loop_start()
        code = self.expect("connack")
        if code != 0:
            self.close()
            raise Refused(code)

    def expect(self, what):
        """The next event of that name; others are dropped."""
        while True:
            name, value = self.events.get(timeout=WAIT)
            if name == what:
                return value

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def register():
    random = str(time.time_ns())
    session = Session(
        f"{DEVICE_NAME}.{PRODUCT_KEY}|random={random},authType={MODE},securemode=2,signmethod={METHOD}|",
        sign(PRODUCT_SECRET, f"deviceName{DEVICE_NAME}productKey{PRODUCT_KEY}random{random}"),
        int(TLS_PORT),
        True,
    )
    reply = session.expect(f"/ext/{MODE}")
    session.close()
    return json.loads(reply)


def connect(issued):
    encrypted = CARRIER == "tls"
    if MODE == "regnwl":
        client_id, password = f"{issued['clientId']}|authType=connwl,securemode=-2,lan=Python|", issued["deviceToken"]
    else:
        part, timestamp = f"{PRODUCT_KEY}&{DEVICE_NAME}", str(int(time.time()))
        content = f"clientId{part}deviceName{DEVICE_NAME}productKey{PRODUCT_KEY}timestamp{timestamp}"
        client_id = f"{part}|securemode={2 if encrypted else 3},signmethod={METHOD},lan=Python,timestamp={timestamp}|"
        password = sign(issued["deviceSecret"], content)
    return Session(client_id, password, int(CONNECT_PORT), encrypted)


def post(session):
    topic = f"/sys/{PRODUCT_KEY}/{DEVICE_NAME}/thing/event/property/post"
    session.client.subscribe(f"{topic}_reply", qos=1)
    granted = session.expect("suback")
    message = {"id": "7", "version": "1.0", "params": {"Temp": 21.5}, "method": "thing.event.property.post"}
    session.client.publish(topic, json.dumps(message), qos=1)
    return granted, json.loads(session.expect(f"{topic}_reply"))


try:
    issued = register()
    session = connect(issued)
    granted, answer = post(session)
    session.close()
    print(json.dumps({"issued": issued, "granted": granted, "answer": answer}))
except Refused as refused:
    print(json.dumps({"refused": refused.args[0]}))
