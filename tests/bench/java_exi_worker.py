"""Times the Java codec of PyPI iso15118; bench_exi.py runs this in that package's own environment.

Standard input: JSON lines {"namespace", "exi", "json"}; standard output: for each {"decode_s", "encode_s", "same"}, or
{"error"}. Arguments: how often each document is timed.
"""

import json
import sys
import time

from iso15118.shared.exificient_exi_codec import ExificientEXICodec


def timed(repeats, call, *arguments):
    """All times of a call, and its last result."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = call(*arguments)
        times.append(time.perf_counter() - start)
    return times, result


def main():
    repeats = int(sys.argv[1])
    codec = ExificientEXICodec()
    warm = set()
    for line in sys.stdin:
        document = json.loads(line)
        namespace, data = document["namespace"], bytes.fromhex(document["exi"])
        text = json.dumps(document["json"], ensure_ascii=False)
        try:
            if document["message"] not in warm:
                warm.add(document["message"])
                for _ in range(2):
                    codec.decode(data, namespace)
                    codec.encode(text, namespace)
            decode_s, _ = timed(repeats, codec.decode, data, namespace)
            encode_s, written = timed(repeats, codec.encode, text, namespace)
            answer = {"decode_s": decode_s, "encode_s": encode_s, "same": bytes(written) == data}
        except Exception as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)
    codec.gateway.shutdown()


if __name__ == "__main__":
    main()
