"""A platform that is not ours: the contract in Python's standard library, one thread a connection.

It follows the readings that the bundled stub does not take by default: each registration draws a new DeviceSecret, both modes are answered on
/ext/register, what the documents give no code for is refused with CONNACK 5, ClientIDs of one device may be online together, the five count
when a unit first connects, and the 15 s of a registration connection begin with its CONNACK.

    tiny_platform.py --cert CERT --key KEY --names FILE     ProductKey and ProductSecret: TINY_PRODUCT_KEY, TINY_PRODUCT_SECRET
"""

import argparse, hashlib, hmac, json, os, re, secrets, socket, ssl, struct, threading, time

OK, IDENTIFIER, CREDENTIALS, OTHER = 0, 2, 4, 5
METHODS = {"hmacmd5": hashlib.md5, "hmacsha1": hashlib.sha1, "hmacsha256": hashlib.sha256}
NAME = re.compile(r"^[A-Za-z0-9\-_.@:]{4,32}$")
REGISTRATION_S, REPLY_TOPIC, CAP = 15, "/ext/register", 5

lock = threading.RLock()
product_key = os.environ["TINY_PRODUCT_KEY"]
product_secret = os.environ["TINY_PRODUCT_SECRET"]
devices = {}  # DeviceName -> {"secret", "active", "clients": {ClientID: token}, "used": set of ClientIDs that have connected}
online = {}  # (DeviceName, ClientID or None) -> Connection


def fields_of(identifier):
    """The client part, and the parameters behind the first bar: separated by commas, strays without `=` ignored."""
    client, bar, rest = identifier.partition("|")
    pairs = [part.partition("=") for part in re.split(r"[,|]", rest) if "=" in part]
    return client, {key.strip(): value.strip() for key, _, value in pairs} if bar else None


def signed(key, content, method, password):
    wanted = hmac.new(key.encode(), content.encode(), METHODS[method]).hexdigest()
    return hmac.compare_digest(wanted, password.lower())


def filters_in(body):
    at, count = 2, 0
    while at < len(body):
        at, count = at + 3 + struct.unpack_from(">H", body, at)[0], count + 1
    return count


class Refused(Exception):
    def __init__(self, code):
        self.code = code


class Gone(Exception):
    pass


class Connection(threading.Thread):
    def __init__(self, sock, encrypted):
        super().__init__(daemon=True)
        self.sock, self.encrypted, self.write_lock, self.name_ = sock, encrypted, threading.Lock(), None

    def run(self):
        try:
            if self.encrypted:
                self.sock.settimeout(10)
                self.sock = tls.wrap_socket(self.sock, server_side=True)
            self.serve()
        except (Gone, OSError, ValueError, IndexError, struct.error, UnicodeDecodeError):
            pass
        finally:
            with lock:
                if self.name_ and online.get(self.name_) is self:
                    del online[self.name_]
            self.close()

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()

    # -- bytes ------------------------------------------------------------------------------------------------------------------------
    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.sock.recv(count - len(data))
            if not more:
                raise Gone()
            data += more
        return data

    def packet(self):
        first, length, shift = self.exactly(1)[0], 0, 0
        while True:
            byte = self.exactly(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift > 21:
                raise Gone()
        return first, self.exactly(length)

    def send(self, first, body):
        length, head = len(body), bytes([first])
        while True:
            head += bytes([length % 128 | (128 if length > 127 else 0)])
            length //= 128
            if length == 0:
                break
        with self.write_lock:
            self.sock.sendall(head + body)

    def publish(self, topic, text):
        self.send(0x30, struct.pack(">H", len(topic)) + topic.encode() + text.encode())

    # -- the contract -----------------------------------------------------------------------------------------------------------------
    def serve(self):
        self.sock.settimeout(10)
        first, body = self.packet()
        if first != 0x10:
            return
        try:
            reply = self.sign_in(body)
        except Refused as refusal:
            return self.send(0x20, bytes([0, refusal.code]))
        self.send(0x20, bytes([0, OK]))
        if reply is not None:
            self.publish(REPLY_TOPIC, json.dumps(reply, separators=(",", ":")))
            deadline = time.monotonic() + REGISTRATION_S
            while True:
                self.sock.settimeout(max(0.01, deadline - time.monotonic()))
                first, body = self.packet()
                if first >> 4 == 12:
                    self.send(0xD0, b"")
                elif first >> 4 == 8:
                    self.send(0x90, body[:2] + b"\x80" * filters_in(body))
                elif first >> 4 in (1, 14):
                    return
        self.sock.settimeout(self.keep_alive * 1.5)
        while True:
            first, body = self.packet()
            if first >> 4 in (1, 14):
                return
            self.serve_packet(first, body)

    def sign_in(self, body):
        at, texts = 0, []
        name_length = struct.unpack_from(">H", body)[0]
        at = 2 + name_length + 1
        flags, self.keep_alive = struct.unpack_from(">BH", body, at)
        at += 3
        while at < len(body):
            length = struct.unpack_from(">H", body, at)[0]
            texts.append(body[at + 2 : at + 2 + length])
            at += 2 + length
        # With a will come its topic and payload, between the identifier and the user name.
        identifier, rest = texts[0].decode(), texts[3:] if flags & 4 else texts[1:]
        if len(rest) != 2:
            raise Refused(IDENTIFIER)
        username, password = (text.decode() for text in rest)
        device_name, ampersand, key = username.partition("&")
        client, given = fields_of(identifier)
        if given is None or not ampersand or not NAME.match(device_name) or not client or len(client) > 64:
            raise Refused(IDENTIFIER)
        mode = given.get("authType")
        if mode in ("register", "regnwl"):
            return self.register(mode, given, device_name, key, password)
        if not 30 <= self.keep_alive <= 1200:
            raise Refused(IDENTIFIER)
        with lock:
            if key != product_key or device_name not in devices:
                raise Refused(OTHER)
            device = devices[device_name]
            by_token = mode == "connwl" or given.get("securemode") == "-2"
            (self.by_token if by_token else self.by_secret)(device, client, given, device_name, password)
            device["active"] = True
            self.name_ = (device_name, client if by_token else None)
            older = online.get(self.name_)
            online[self.name_] = self
        if older:
            older.close()
        return None

    def register(self, mode, given, device_name, key, password):
        if not self.encrypted or not given.get("random"):
            raise Refused(IDENTIFIER)
        method = given.get("signmethod", "").lower()
        if method not in METHODS or given.get("securemode") not in ("2", "-2"):
            raise Refused(IDENTIFIER)
        if key != product_key:
            raise Refused(OTHER)
        content = f"deviceName{device_name}productKey{key}random{given['random']}"
        if not signed(product_secret, content, method, password):
            raise Refused(CREDENTIALS)
        with lock:
            device = devices.get(device_name)
            if mode == "register":
                if device is None or device["active"]:
                    raise Refused(OTHER)
                device["secret"] = secrets.token_hex(16)
                return {"deviceSecret": device["secret"], "productKey": key, "deviceName": device_name}
            if device is None:
                device = devices[device_name] = {"secret": None, "active": False, "clients": {}, "used": set()}
            client_id, token = secrets.token_hex(16), secrets.token_hex(16)
            device["clients"][client_id] = token
            return {"clientId": client_id, "productKey": key, "deviceName": device_name, "deviceToken": token}

    def by_token(self, device, client, given, device_name, password):
        if not hmac.compare_digest(device["clients"].get(client, ""), password) or client not in device["clients"]:
            raise Refused(OTHER)
        if client not in device["used"] and len(device["used"]) >= CAP:
            raise Refused(OTHER)
        device["used"].add(client)

    def by_secret(self, device, client, given, device_name, password):
        method = given.get("signmethod", "hmacmd5").lower()
        if method not in METHODS or device["secret"] is None:
            raise Refused(OTHER)
        stamp = f"timestamp{given['timestamp']}" if "timestamp" in given else ""
        base = f"deviceName{device_name}productKey{product_key}"
        if not any(
            signed(device["secret"], head + base + tail, method, password)
            for head in (f"clientId{client}", "")
            for tail in {stamp, ""}
        ):
            raise Refused(OTHER)

    def serve_packet(self, first, body):
        kind, (device_name, _) = first >> 4, self.name_
        if kind == 12:
            return self.send(0xD0, b"")
        if kind in (8, 10):
            at, granted = 2, b""
            while at < len(body):
                length = struct.unpack_from(">H", body, at)[0]
                parts = body[at + 2 : at + 2 + length].decode().split("/")
                own = product_key in parts and parts[parts.index(product_key) + 1 :][:1] == [device_name]
                at += 2 + length + (kind == 8)
                granted += bytes([min(body[at - 1] & 3, 1) if own else 0x80]) if kind == 8 else b""
            return self.send(0x90 if kind == 8 else 0xB0, body[:2] + granted)
        if kind == 3:
            length, qos = struct.unpack_from(">H", body)[0], first >> 1 & 3
            topic, payload = body[2 : 2 + length].decode(), body[2 + length + (2 if qos else 0) :]
            if qos == 1:
                self.send(0x40, body[2 + length : 4 + length])
            if topic == f"/sys/{product_key}/{device_name}/thing/event/property/post":
                post = json.loads(payload)
                answer = {"code": 200, "data": {}, "id": post["id"], "message": "success", "version": "1.0"}
                self.publish(f"{topic}_reply", json.dumps({**answer, "method": "thing.event.property.post"}, separators=(",", ":")))


def listen(encrypted):
    server = socket.create_server(("127.0.0.1", 0), backlog=512)

    def accept():
        while True:
            Connection(server.accept()[0], encrypted).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    for name in ("--cert", "--key", "--names"):
        options.add_argument(name, required=True)
    given = options.parse_args()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.set_ciphers("DEFAULT:AES128-SHA256:AES128-SHA")  # shipped firmware knows nothing newer than RSA with AES-CBC
    tls.load_cert_chain(given.cert, given.key)
    with open(given.names) as file:
        for line in file.read().split():
            devices[line] = {"secret": None, "active": False, "clients": {}, "used": set()}
    print(json.dumps({"mqtts": listen(True), "mqtt": listen(False)}), flush=True)
    threading.Event().wait()
