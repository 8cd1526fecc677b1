"""The one place that names a framework; everything else uses `keras.ops`.

A private package: what it re-exports is for the other rooms, not for users.
"""

from keras_embed._backend.beams import exporting as exporting
from keras_embed._backend.beams import largest as largest
from keras_embed._backend.beams import take_beams as take_beams
from keras_embed._backend.beams import write_at as write_at
from keras_embed._backend.frameworks import keras as keras
from keras_embed._backend.frameworks import tf as tf
from keras_embed._backend.frameworks import tf_text as tf_text
from keras_embed._backend.generators import restore_generators as restore_generators
from keras_embed._backend.generators import save_generators as save_generators
from keras_embed._backend.loops import compiled as compiled
from keras_embed._backend.loops import loop as loop
from keras_embed._backend.loops import scan as scan
from keras_embed._backend.quiet import import_quietly as import_quietly
from keras_embed._backend.quiet import predict_batch as predict_batch
from keras_embed._backend.quiet import without_retracing as without_retracing
from keras_embed._backend.quiet import without_warning_of as without_warning_of
from keras_embed._backend.rows import add_rows as add_rows
from keras_embed._backend.rows import row_loop as row_loop
from keras_embed._backend.rows import take_rows as take_rows
from keras_embed._backend.saved_models import graph_function as graph_function
from keras_embed._backend.saved_models import open_checkpoint as open_checkpoint
from keras_embed._backend.saved_models import unknown_size_errors as unknown_size_errors
from keras_embed._backend.saved_models import write_checkpoint as write_checkpoint
from keras_embed._backend.sparse import sparse_matrix as sparse_matrix
