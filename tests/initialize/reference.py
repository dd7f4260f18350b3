"""Models of other programs and what they compute, for initialize_test.cc.

    python3 reference.py            (PyTorch, torchvision, transformers and safetensors; seconds)

Writes beside this script
    bert/       a folder as HuggingFace saves a BertForMaskedLM: model.safetensors, config.json, vocab.txt
    old_bert.safetensors     the same weights, named and typed as old files have them: "module.bert.…", LayerNorm.gamma and
                             .beta, position_ids, the tied decoder twice, the pooler; matrices in half precision
    resnet.safetensors       a ResNet-18 of torchvision's blocks, two channels wide, as torch.nn.DataParallel names it,
                             with num_batches_tracked and a classifier, in bfloat16
    golden.safetensors       inputs and outputs of all of them, of the weights as they are in the files
"""
import json, os, sys
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForMaskedLM

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../../encoders/res_net"))
from res_net_torch import ResNet, fill, wave

torch.manual_seed(1)
config = BertConfig(vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24,
                    max_position_embeddings=12, type_vocab_size=2, hidden_dropout_prob=0.1, tie_word_embeddings=True,
                    attn_implementation="eager")
bert = BertForMaskedLM(config).eval()
with torch.no_grad():
    for p in bert.parameters():  # larger than the initial ones, so that a wrong place shows
        p.add_(0.3 * torch.randn_like(p))
folder = os.path.join(HERE, "bert")
bert.save_pretrained(folder)
os.path.exists(f"{folder}/generation_config.json") and os.remove(f"{folder}/generation_config.json")
with open(f"{folder}/vocab.txt", "w") as vocabulary:
    vocabulary.write("".join(t + "\n" for t in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [chr(97 + i) for i in range(25)]))

ids = (5 + torch.arange(3 * 12).reshape(3, 12) * 7 % 25)
lengths = torch.tensor([12, 7, 10])
inside = torch.arange(12)[None] < lengths[:, None]
ids = torch.where(inside, ids, 0)
segments = (torch.arange(12)[None] >= 6).long().expand(3, 12)
golden = {"ids": ids.int(), "lengths": lengths.int(), "segments": segments.int()}


def run(model, name):
    model = model.double()
    with torch.no_grad():
        hidden = model.bert(input_ids=ids, attention_mask=inside.long(), token_type_ids=segments).last_hidden_state
        logits = model(input_ids=ids, attention_mask=inside.long(), token_type_ids=segments).logits
    golden[name + ".hidden"] = torch.where(inside[..., None], hidden, 0).float()
    golden[name + ".logits"] = torch.where(inside[..., None], logits, 0).float()


run(BertForMaskedLM.from_pretrained(folder, attn_implementation="eager").eval(), "bert")

old = {}
for name, t in load_file(f"{folder}/model.safetensors").items():
    name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    old["module." + name] = t.half() if t.dim() == 2 else t
old["module.bert.embeddings.position_ids"] = torch.arange(12)[None].clone()
old["module.cls.predictions.decoder.weight"] = old["module.bert.embeddings.word_embeddings.weight"].clone()
old["module.cls.predictions.decoder.bias"] = old["module.cls.predictions.bias"].clone()
old["module.bert.pooler.dense.weight"] = torch.zeros(16, 16)
old["module.bert.pooler.dense.bias"] = torch.zeros(16)
save_file(old, os.path.join(HERE, "old_bert.safetensors"))
with torch.no_grad():
    for p in bert.parameters():
        if p.dim() == 2:
            p.copy_(p.half().float())
run(bert, "old_bert")

net = ResNet(18, 2, 3, False)
fill(net)
x = wave((6, 3, 16, 16), 1000)
net(x)  # moves the running statistics
state = {}
for name, t in net.state_dict().items():
    state["module.backbone." + name] = t.bfloat16() if t.is_floating_point() else t
state["module.backbone.fc.weight"] = torch.zeros(10, 16)
state["module.backbone.fc.bias"] = torch.zeros(10)
save_file(state, os.path.join(HERE, "resnet.safetensors"))
net.load_state_dict({k[len("module.backbone."):]: t.float() if t.is_floating_point() else t
                     for k, t in state.items() if ".fc." not in k})
net.double().eval()
with torch.no_grad():
    golden["resnet.features"] = net(x.double()).float()
save_file({k: t.contiguous() for k, t in golden.items()}, os.path.join(HERE, "golden.safetensors"))
print({k: (tuple(t.shape), float(t.abs().max())) for k, t in golden.items()})
