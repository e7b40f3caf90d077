"""Who publishes prices, and in which shape: what to ask, and how to read the answer. No I/O here.

``PROVIDERS[kind].requests(options, from_s, to_s)`` says what to send; ``.parse(body, options)`` reads one answer. A new
provider is one small module with a ``PROVIDER``, and a row below.
"""

from collections.abc import Mapping

from energy.tariffs.providers import awattar, entsoe, nord_pool, octopus, tibber
from energy.tariffs.providers.base import Answer, Options, Provider, ProviderError, Request

PROVIDERS: Mapping[str, Provider] = {
    provider.kind: provider
    for provider in (entsoe.PROVIDER, nord_pool.PROVIDER, octopus.PROVIDER, tibber.PROVIDER, awattar.PROVIDER)
}

__all__ = ["PROVIDERS", "Answer", "Options", "Provider", "ProviderError", "Request"]
