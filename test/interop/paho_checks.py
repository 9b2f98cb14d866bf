"""Checks of a broker with the Python client Eclipse Paho.

    python3 paho_checks.py CHECK VERSION PORT [CA_FILE]

CHECK is the name of a function below, VERSION is 4 or 5. With CA_FILE the connection is TLS and the certificate is
verified strictly. Ends with 0 when the check holds; otherwise the traceback says what did not.
"""

import ssl
import sys
import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

WAIT_SECONDS = 10
check_name, version, port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ca_file = sys.argv[4] if len(sys.argv) > 4 else None
is_v5 = version == 5
clients = []


class Client:
    """One connection whose events are kept and can be waited for."""

    def __init__(self, client_id="", clean=True, user=None, password=None, will=None, properties=None):
        self.changed = threading.Condition()
        self.code = None
        self.session_present = None
        self.disconnected = False
        self.messages = []
        self.granted = []
        arguments = {"client_id": client_id, "protocol": version}
        if not is_v5:
            arguments["clean_session"] = clean
        if hasattr(mqtt, "CallbackAPIVersion"):
            arguments["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION1
        self.client = mqtt.Client(**arguments)
        self.client.on_connect = self.on_connect
        self.client.on_disconnect = self.on_disconnect
        self.client.on_message = lambda _, __, message: self.append(self.messages, message)
        self.client.on_subscribe = lambda _, __, ___, codes, *____: self.append(self.granted, [int_of(c) for c in codes])
        if user is not None:
            self.client.username_pw_set(user, password)
        if will is not None:
            self.client.will_set(*will)
        if ca_file is not None:
            context = ssl.create_default_context(cafile=ca_file)
            context.verify_flags |= ssl.VERIFY_X509_STRICT
            self.client.tls_set_context(context)
        options = {}
        if is_v5:
            options = {"clean_start": clean, "properties": properties}
        self.client.connect("localhost" if ca_file else "127.0.0.1", port, **options)
        self.client.loop_start()
        clients.append(self)
        self.wait(lambda: self.code is not None, "CONNACK")

    def on_connect(self, _client, _userdata, flags, code, *_):
        self.session_present = flags["session present"] == 1
        self.change("code", int_of(code))

    def on_disconnect(self, *_):
        # Or its loop would connect again, and two twins would throw each other out for ever.
        self.client.disconnect()
        self.change("disconnected", True)

    def change(self, name, value):
        with self.changed:
            setattr(self, name, value)
            self.changed.notify_all()

    def append(self, events, event):
        with self.changed:
            events.append(event)
            self.changed.notify_all()

    def wait(self, holds, what):
        with self.changed:
            assert self.changed.wait_for(holds, WAIT_SECONDS), f"no {what} within {WAIT_SECONDS} s"

    def subscribe(self, topics):
        before = len(self.granted)
        self.client.subscribe(topics)
        self.wait(lambda: len(self.granted) > before, "SUBACK")
        return self.granted[-1]

    def publish(self, topic, payload, qos=0, retain=False, properties=None):
        options = {"properties": properties} if is_v5 else {}
        information = self.client.publish(topic, payload, qos, retain, **options)
        information.wait_for_publish(WAIT_SECONDS)
        assert information.is_published(), "no acknowledgement"

    def receive(self, count):
        self.wait(lambda: len(self.messages) >= count, f"{count} messages, only {len(self.messages)}")
        return self.messages[:count]

    def disconnect(self):
        self.client.disconnect()
        self.wait(lambda: self.disconnected, "end of the connection")
        self.client.loop_stop()


def int_of(code):
    return getattr(code, "value", code)


def topic(name):
    return f"paho{version}/{name}"


def expiring_session():
    if not is_v5:
        return None
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 300
    return properties


def every_qos():
    subscriber = Client()
    assert subscriber.subscribe([(topic("qos"), 2)]) == [2]
    publisher = Client()
    for qos in (0, 1, 2):
        publisher.publish(topic("qos"), f"at {qos}", qos)
    got = [(message.qos, message.payload) for message in subscriber.receive(3)]
    assert sorted(got) == [(0, b"at 0"), (1, b"at 1"), (2, b"at 2")], got


def order():
    subscriber = Client()
    subscriber.subscribe([(topic("order"), 2)])
    publisher = Client()
    numbers = [str(number).encode() for number in range(300)]
    for number in numbers:
        publisher.client.publish(topic("order"), number, 2)
    assert [message.payload for message in subscriber.receive(300)] == numbers


def retained():
    publisher = Client()
    publisher.publish(topic("retained/a"), "kept", 1, True)
    publisher.publish(topic("retained/b"), "kept", 1, True)
    publisher.publish(topic("retained/a"), "", 1, True)
    subscriber = Client()
    subscriber.subscribe([(topic("retained/+"), 1)])
    publisher.publish(topic("retained/end"), "live", 1)
    got = [(message.topic, message.payload, message.retain) for message in subscriber.receive(2)]
    assert got == [(topic("retained/b"), b"kept", 1), (topic("retained/end"), b"live", 0)], got


def wildcards():
    subscriber = Client()
    subscriber.subscribe([(topic("w/+/x"), 0), (topic("w/deep/#"), 0), (topic("w/end"), 0)])
    for name in ("w/1/x", "w/1/y", "w/1/2/x", "w/deep", "w/deep/1/2", "w/end"):
        subscriber.publish(topic(name), "", 1)
    got = [message.topic for message in subscriber.receive(4)]
    assert got == [topic(name) for name in ("w/1/x", "w/deep", "w/deep/1/2", "w/end")], got


def will():
    watcher = Client()
    watcher.subscribe([(topic("will/+"), 1)])
    Client(will=(topic("will/polite"), "no", 1, False)).disconnect()
    dying = Client(will=(topic("will/broken"), "gone", 1, False))
    dying.client.loop_stop()
    dying.client._sock_close()
    (message,) = watcher.receive(1)
    assert (message.topic, message.payload) == (topic("will/broken"), b"gone"), message.topic


def away():
    first = Client(topic("away"), False, properties=expiring_session())
    assert first.session_present is False
    first.subscribe([(topic("away/x"), 1)])
    first.disconnect()
    publisher = Client()
    for number in range(20):
        publisher.publish(topic("away/x"), str(number), 1)
    again = Client(topic("away"), False, properties=expiring_session())
    assert again.session_present is True
    got = [int(message.payload) for message in again.receive(20)]
    assert got == list(range(20)), got
    again.disconnect()
    assert Client(topic("away"), True).session_present is False


def shared():
    members = [Client(), Client()]
    for member in members:
        member.subscribe([(f"$share/crew/{topic('jobs')}", 1)])
    publisher = Client()
    for number in range(20):
        publisher.publish(topic("jobs"), str(number), 1)
    deadline = time.monotonic() + WAIT_SECONDS
    while sum(len(member.messages) for member in members) < 20 and time.monotonic() < deadline:
        with members[0].changed:
            members[0].changed.wait(0.05)
    got = sorted(int(message.payload) for member in members for message in member.messages)
    assert got == list(range(20)), got
    assert all(member.messages for member in members), "one member got nothing"


def takeover():
    first = Client(topic("twin"))
    Client(topic("twin"))
    first.wait(lambda: first.disconnected, "end of the first connection")


def oversize():
    client = Client()
    client.client.publish(topic("large"), bytes(70_000), 1)
    client.wait(lambda: client.disconnected, "end of the connection")


def refused_subscription():
    granted = Client().subscribe([("test/nosubscribe", 1), (topic("granted"), 1)])
    assert granted == [0x87 if is_v5 else 0x80, 1], granted


def sys_topics():
    client = Client()
    client.subscribe([("$SYS/broker/version", 0)])
    (message,) = client.receive(1)
    assert message.retain and any(character.isdigit() for character in message.payload.decode())


def properties_of_publish():
    subscriber = Client()
    subscriber.subscribe([(topic("properties"), 1)])
    properties = Properties(PacketTypes.PUBLISH)
    properties.PayloadFormatIndicator = 1
    properties.MessageExpiryInterval = 60
    properties.ContentType = "text/plain"
    properties.ResponseTopic = topic("answer")
    properties.CorrelationData = b"\x00\xff"
    properties.UserProperty = [("b", "1"), ("a", "2"), ("b", "3")]
    Client().publish(topic("properties"), "x", 1, properties=properties)
    (message,) = subscriber.receive(1)
    got = message.properties
    assert got.PayloadFormatIndicator == 1
    assert 50 < got.MessageExpiryInterval <= 60
    assert got.ContentType == "text/plain"
    assert got.ResponseTopic == topic("answer")
    assert got.CorrelationData == b"\x00\xff"
    assert got.UserProperty == [("b", "1"), ("a", "2"), ("b", "3")], got.UserProperty


def topic_alias():
    subscriber = Client()
    subscriber.subscribe([(topic("alias"), 1)])
    publisher = Client()
    properties = Properties(PacketTypes.PUBLISH)
    properties.TopicAlias = 5
    publisher.publish(topic("alias"), "1", 1, properties=properties)
    publisher.publish(topic("alias"), "2", 1, properties=properties)
    got = [(message.topic, message.payload) for message in subscriber.receive(2)]
    assert got == [(topic("alias"), b"1"), (topic("alias"), b"2")], got


def accounts():
    alice = Client(user="alice", password="alice-demo")
    assert alice.code == 0, alice.code
    alice.subscribe([("orders/+/status", 2)])
    service = Client(user="service", password="service-demo")
    for qos in (0, 1, 2):
        service.publish(f"orders/{version}{qos}/status", f"at {qos}", qos)
    got = sorted((message.qos, message.payload) for message in alice.receive(3))
    assert got == [(0, b"at 0"), (1, b"at 1"), (2, b"at 2")], got


def bad_password():
    code = Client(user="alice", password="wrong").code
    assert code == (0x86 if is_v5 else 4), code


globals()[check_name]()
for each in clients:
    each.client.disconnect()
    each.client.loop_stop()
