"""The CloudEvents SDK for Python, behind Python's own server: REPORTS=reports.ndjson PORT=8080 python receive.py"""
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat

REPORTS = open(os.environ.get("REPORTS", "reports.ndjson"), "ab")


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            event = from_http_event(HTTPMessage(dict(self.headers), body))
        except Exception as error:  # the SDK has many, and a batch is an AttributeError
            return self.answer(400, str(error))
        REPORTS.write(JSONFormat().write(event) + b"\n")
        REPORTS.flush()
        os.fsync(REPORTS.fileno())
        return self.answer(204)

    def answer(self, status, text=""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
