"""The shape of the network, stated once; every form of the model is built from it.

    pixel_values [n,1,28,28]
    → conv1 [n,16,14,14] → conv2 [n,32,7,7] → conv3 [n,32,3,3] → logits [n,10]

A block is a 3×3 convolution (zero padding 1), ReLU, and a 2×2 max pool that drops an odd last row
and column. Channel counts are multiples of four: WebGPU kernels are least tried on other counts.
"""

SIZE = 28
CLASSES = 10
BLOCKS = {"conv1": (1, 16), "conv2": (16, 32), "conv3": (32, 32)}  # channels in, channels out
FEATURES = (32, 3, 3)  # C,H,W of what the last layer flattens
