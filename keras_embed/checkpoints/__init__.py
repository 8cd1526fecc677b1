"""Published weights: reads and writes the files of other libraries."""

from keras_embed.checkpoints.bert import load_bert, load_bert_weights, save_bert
from keras_embed.checkpoints.bilm import load_bilm, load_elmo_tf, save_bilm
from keras_embed.checkpoints.half_presets import save_half_preset
from keras_embed.checkpoints.published_models import load_published, published
from keras_embed.checkpoints.torch_elmo import load_allennlp, load_elmo_for_many_langs

__all__ = [
    "load_allennlp",
    "load_bert",
    "load_bert_weights",
    "load_bilm",
    "load_elmo_for_many_langs",
    "load_elmo_tf",
    "load_published",
    "published",
    "save_bert",
    "save_bilm",
    "save_half_preset",
]
