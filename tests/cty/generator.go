package main

import (
	"math/big"
	"math/rand"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Makes types, and values of them, from one source of chance.
type generator struct {
	*rand.Rand
}

var names = []string{"a", "b", "name", "zone_id", "ünder", "x y"}
var words = []string{"", "a", "b", "ami-", "null", "\x00", "\"\\", "é", "e\u0301", "漢字", "🚢", "line\n", "<&>\u2028"}

// A type as a schema may have it: dynamic parts stand in tuples and objects, never in collections.
func (g generator) openType(depth int) cty.Type {
	switch choice := g.Intn(6); {
	case choice == 0:
		return cty.DynamicPseudoType
	case choice == 1 && depth > 0:
		return g.tuple(func() cty.Type { return g.openType(depth - 1) })
	case choice < 4 && depth > 0:
		return g.object(func() cty.Type { return g.openType(depth - 1) })
	default:
		return g.closedType(depth)
	}
}

// A type without dynamic parts.
func (g generator) closedType(depth int) cty.Type {
	inside := func() cty.Type { return g.closedType(depth - 1) }
	choice := g.Intn(8)
	if depth == 0 {
		choice = g.Intn(3)
	}
	switch choice {
	case 0:
		return cty.Bool
	case 1:
		return cty.Number
	case 2:
		return cty.String
	case 3:
		return cty.List(inside())
	case 4:
		return cty.Set(inside())
	case 5:
		return cty.Map(inside())
	case 6:
		return g.tuple(inside)
	default:
		return g.object(inside)
	}
}

func (g generator) tuple(inside func() cty.Type) cty.Type {
	elements := make([]cty.Type, g.Intn(4))
	for i := range elements {
		elements[i] = inside()
	}
	return cty.Tuple(elements)
}

func (g generator) object(inside func() cty.Type) cty.Type {
	attributes := map[string]cty.Type{}
	for range g.Intn(5) {
		attributes[names[g.Intn(len(names))]] = inside()
	}
	return cty.Object(attributes)
}

func (g generator) value(ty cty.Type) cty.Value {
	switch g.Intn(12) {
	case 0:
		return cty.NullVal(ty)
	case 1:
		return cty.UnknownVal(ty)
	case 2:
		return g.refined(ty)
	default:
		return g.known(ty)
	}
}

// An unknown value of which something is known.
func (g generator) refined(ty cty.Type) cty.Value {
	unknown := cty.UnknownVal(ty)
	switch {
	case ty == cty.DynamicPseudoType:
		return unknown
	case ty == cty.String:
		return unknown.Refine().NotNull().StringPrefix(words[3]).NewValue()
	case ty == cty.Number:
		return unknown.Refine().NumberRangeLowerBound(cty.MustParseNumberVal("0.1"), true).NewValue()
	case ty.IsListType() || ty.IsMapType() || ty.IsSetType():
		return unknown.Refine().CollectionLengthLowerBound(1).CollectionLengthUpperBound(70000).NewValue()
	default:
		return unknown.RefineNotNull()
	}
}

func (g generator) known(ty cty.Type) cty.Value {
	switch {
	case ty == cty.DynamicPseudoType:
		return g.value(g.closedType(2))
	case ty == cty.Bool:
		return cty.BoolVal(g.Intn(2) == 0)
	case ty == cty.Number:
		return g.number()
	case ty == cty.String:
		return cty.StringVal(g.text())
	case ty.IsTupleType():
		return cty.TupleVal(g.each(ty.TupleElementTypes()))
	case ty.IsObjectType():
		return g.attributes(ty.AttributeTypes())
	default:
		return g.collection(ty)
	}
}

func (g generator) each(types []cty.Type) []cty.Value {
	values := make([]cty.Value, len(types))
	for i, ty := range types {
		values[i] = g.value(ty)
	}
	return values
}

func (g generator) attributes(types map[string]cty.Type) cty.Value {
	values := map[string]cty.Value{}
	// In the order of the names, so that one seed makes one value.
	for _, name := range names {
		if ty, ok := types[name]; ok {
			values[name] = g.value(ty)
		}
	}
	return cty.ObjectVal(values)
}

func (g generator) collection(ty cty.Type) cty.Value {
	length := g.Intn(5)
	element := ty.ElementType()
	if length == 0 {
		switch {
		case ty.IsListType():
			return cty.ListValEmpty(element)
		case ty.IsSetType():
			return cty.SetValEmpty(element)
		default:
			return cty.MapValEmpty(element)
		}
	}
	values := make([]cty.Value, length)
	members := map[string]cty.Value{}
	for i := range values {
		values[i] = g.value(element)
		members[g.text()] = values[i]
	}
	switch {
	case ty.IsListType():
		return cty.ListVal(values)
	case ty.IsSetType():
		return cty.SetVal(values)
	default:
		return cty.MapVal(members)
	}
}

func (g generator) text() string {
	return strings.Repeat(words[g.Intn(len(words))], 1+g.Intn(3)) + words[g.Intn(len(words))]
}

func (g generator) number() cty.Value {
	switch g.Intn(7) {
	case 0:
		return cty.NumberIntVal(int64(g.Intn(300) - 150))
	case 1:
		return cty.NumberIntVal(int64(g.Uint64()) >> g.Intn(64))
	case 2:
		return cty.NumberUIntVal(g.Uint64())
	case 3:
		return cty.NumberFloatVal(g.NormFloat64())
	case 4:
		return []cty.Value{cty.PositiveInfinity, cty.NegativeInfinity}[g.Intn(2)]
	case 5:
		// More digits than a binary fraction of 64 bits holds.
		digits := new(big.Int).Rand(g.Rand, new(big.Int).Lsh(big.NewInt(1), 300)).String()
		return cty.MustParseNumberVal("-" + digits + "." + digits[:len(digits)/2])
	default:
		return cty.MustParseNumberVal([]string{"0.1", "0.5", "-2.25", "1e30", "1e-30", "9223372036854775808"}[g.Intn(6)])
	}
}
