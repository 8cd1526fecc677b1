"""The linear-chain conditional random field as pure functions."""

from keras_embed.functional.linear_chain.chain import FORBIDDEN as FORBIDDEN
from keras_embed.functional.linear_chain.chain import LinearChain as LinearChain
from keras_embed.functional.linear_chain.chain import pack as pack
from keras_embed.functional.linear_chain.chain import unpack as unpack
from keras_embed.functional.linear_chain.likelihood import entropy as entropy
from keras_embed.functional.linear_chain.likelihood import log_partition as log_partition
from keras_embed.functional.linear_chain.likelihood import negative_log_likelihood as negative_log_likelihood
from keras_embed.functional.linear_chain.likelihood import path_score as path_score
from keras_embed.functional.linear_chain.posterior import Posterior as Posterior
from keras_embed.functional.linear_chain.posterior import path_posteriors as path_posteriors
from keras_embed.functional.linear_chain.posterior import posterior as posterior
from keras_embed.functional.linear_chain.search import k_best as k_best
from keras_embed.functional.linear_chain.search import sample as sample
from keras_embed.functional.linear_chain.search import viterbi as viterbi
