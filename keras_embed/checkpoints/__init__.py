"""Published weights: files of other libraries read into backbones, and written."""

from keras_embed.checkpoints.allennlp import load_allennlp
from keras_embed.checkpoints.bert import Bert, load_bert, load_bert_weights, save_bert
from keras_embed.checkpoints.bilm import load_bilm, save_bilm
from keras_embed.checkpoints.half_presets import save_half_preset
from keras_embed.checkpoints.many_langs import load_elmo_for_many_langs
from keras_embed.checkpoints.published_models import PublishedModel, load_published, published
from keras_embed.checkpoints.tensorflow_checkpoints import load_elmo_tf

__all__ = [
    "Bert",
    "PublishedModel",
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
