"""A page that chapters captions in a browser, without a network: Errata's own Python in it (Pyodide), a model's .gguf
file (wllama, which is llama.cpp), and its tokenizer (Hugging Face's tokenizers.js).

`registry.export.browser_page` lays it out; `static/` has the page itself.
"""
