"""Serves expositions to programs that scrape them, each with the content type of its format.

    serve.py DIRECTORY        prints its address, and answers /NAME with the file of that name
"""

import http.server
import pathlib
import sys

CONTENT_TYPES = {
    ".text": "text/plain; version=0.0.4; charset=utf-8",
    ".openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Each file is named by its last part: what is before that is of no use.
    directory = pathlib.Path()

    def do_GET(self):
        file = self.directory / pathlib.Path(self.path).name
        if not file.is_file():
            self.send_error(404)
            return
        body = file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPES[file.suffix])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    Handler.directory = pathlib.Path(sys.argv[1])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.request_queue_size = 1024
    print(f"serving at 127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
