"""transformers' own Auto classes, which know our architectures too: who imports them from here can load every model of
the loop, and no code that lies beside a model is ever run for it.

The registration is in transformers' tables in this process; to import this twice registers once.
"""

from __future__ import annotations

from transformers import AutoConfig, AutoModelForCausalLM

from errata.inference.two_encoders import TwoEncoderConfig, TwoEncoderForCausalLM

__all__ = ["AutoConfig", "AutoModelForCausalLM"]

AutoConfig.register(TwoEncoderConfig.model_type, TwoEncoderConfig)
AutoModelForCausalLM.register(TwoEncoderConfig, TwoEncoderForCausalLM)
