// Speaks for go-cty, the library in which Terraform holds its values. Run by tests/protocol/cty.rs.
//
// Each line on stdin is a question, each line on stdout its answer, both JSON. A question gives a type and a
// value as MessagePack or JSON; the answer is the value as go-cty writes it. With the arguments `generate SEED
// COUNT` there are no questions: the program answers values of its own making.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"log"
	"math/rand"
	"os"
	"strconv"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"
)

type question struct {
	Type    json.RawMessage `json:"type"`
	Msgpack string          `json:"msgpack"`
	JSON    string          `json:"json"`
	// Another encoding; the answer tells whether both are the same value.
	Other string `json:"other"`
}

type answer struct {
	Type    json.RawMessage `json:"type"`
	Msgpack string          `json:"msgpack"`
	// Empty if the value is not wholly known or holds an infinity: JSON cannot write it.
	JSON  string `json:"json"`
	Same  bool   `json:"same"`
	Error string `json:"error"`
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	answers := json.NewEncoder(out)
	if len(os.Args) == 4 && os.Args[1] == "generate" {
		generate(answers, number(os.Args[2]), number(os.Args[3]))
		return
	}
	questions := bufio.NewScanner(os.Stdin)
	questions.Buffer(nil, 16<<20)
	for questions.Scan() {
		tell(answers, reply(questions.Bytes()))
	}
	if err := questions.Err(); err != nil {
		log.Fatal(err)
	}
}

func generate(answers *json.Encoder, seed, count int64) {
	random := generator{rand.New(rand.NewSource(seed))}
	for ; count > 0; count-- {
		ty := random.openType(3)
		tell(answers, written(random.value(ty), ty))
	}
}

func reply(line []byte) answer {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{Error: err.Error()}
	}
	ty, err := ctyjson.UnmarshalType(asked.Type)
	if err != nil {
		return answer{Error: err.Error()}
	}
	value, err := read(asked, ty)
	if err != nil {
		return answer{Error: err.Error()}
	}
	told := written(value, ty)
	if asked.Other != "" {
		other, err := read(question{Msgpack: asked.Other}, ty)
		if err != nil {
			return answer{Error: err.Error()}
		}
		told.Same = unrefined(value).RawEquals(unrefined(other))
	}
	return told
}

func read(asked question, ty cty.Type) (cty.Value, error) {
	if asked.JSON != "" {
		return ctyjson.Unmarshal([]byte(asked.JSON), ty)
	}
	bytes, err := hex.DecodeString(asked.Msgpack)
	if err != nil {
		return cty.NilVal, err
	}
	return msgpack.Unmarshal(bytes, ty)
}

func written(value cty.Value, ty cty.Type) answer {
	name, err := ctyjson.MarshalType(ty)
	if err != nil {
		return answer{Error: err.Error()}
	}
	packed, err := msgpack.Marshal(value, ty)
	if err != nil {
		return answer{Error: err.Error()}
	}
	told := answer{Type: name, Msgpack: hex.EncodeToString(packed)}
	if text, err := ctyjson.Marshal(value, ty); err == nil {
		told.JSON = string(text)
	}
	return told
}

// The value without what is known about its unknown parts: a provider may drop that.
func unrefined(value cty.Value) cty.Value {
	plain, err := cty.Transform(value, func(_ cty.Path, part cty.Value) (cty.Value, error) {
		if part.IsKnown() {
			return part, nil
		}
		return cty.UnknownVal(part.Type()), nil
	})
	if err != nil {
		log.Fatal(err)
	}
	return plain
}

func tell(answers *json.Encoder, told answer) {
	if err := answers.Encode(told); err != nil {
		log.Fatal(err)
	}
}

func number(text string) int64 {
	parsed, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	return parsed
}
