using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Bob.Simulator.Realtime;

/// <summary>What a value of a client event may look like. <see cref="Check"/> returns the first fault, as the service names only the first.</summary>
internal abstract record Shape
{
    public static readonly Shape Anything = new AnyShape();
    public static readonly Shape Flag = new FlagShape();
    public static readonly Shape Text = new TextShape();
    public static readonly Shape FreeObject = new FieldsShape([]) { Open = true };

    public abstract Refusal? Check(JsonElement value, string path);

    public static Shape TextUpTo(int max) => new TextShape { Max = max };

    public static Shape Name(string pattern) => new TextShape { Pattern = pattern };

    public static Shape OneOf(params string[] values) => new TextShape { Values = values };

    public static Shape Integer(long min, long max = long.MaxValue) => new NumberShape(min, max, Whole: true);

    public static Shape Number(double min, double max) => new NumberShape(min, max, Whole: false);

    public static Shape Nullable(Shape inner) => new NullableShape(inner);

    public static Shape ListOf(Shape inner, int min = 0) => new ListShape(inner, min);

    /// <summary>An object; a name that ends in <c>!</c> is required.</summary>
    public static FieldsShape Fields(params (string Name, Shape Shape)[] fields) => new(fields);

    /// <summary>An object whose string field <paramref name="tag"/> chooses its shape.</summary>
    public static Shape Tagged(string tag, params (string Value, FieldsShape Shape)[] cases) => new TaggedShape(tag, cases);

    /// <summary>A string takes the first shape, anything else the second.</summary>
    public static Shape TextOr(Shape text, Shape other) => new EitherShape(text, other);

    protected static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "a string",
        JsonValueKind.Number => value.TryGetInt64(out _) ? "an integer" : "a decimal number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        _ => "null",
    };

    protected static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private sealed record AnyShape : Shape
    {
        public override Refusal? Check(JsonElement value, string path) => null;
    }

    private sealed record FlagShape : Shape
    {
        public override Refusal? Check(JsonElement value, string path) =>
            value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : Refusal.WrongType(path, "a boolean", Kind(value));
    }

    private sealed record TextShape : Shape
    {
        public int Max { get; init; } = int.MaxValue;
        public string[]? Values { get; init; }
        public string? Pattern { get; init; }

        public override Refusal? Check(JsonElement value, string path)
        {
            if (value.ValueKind != JsonValueKind.String)
                return Refusal.WrongType(path, Values is null ? "a string" : $"one of {string.Join(", ", Values.Select(v => $"'{v}'"))}", Kind(value));
            var text = value.GetString()!;
            if (Values is not null && !Values.Contains(text))
                return Refusal.Unsupported(path, text, Values);
            if (text.Length > Max)
                return Refusal.TooLong(path, Max, text.Length);
            return Pattern is not null && !Regex.IsMatch(text, Pattern)
                ? new Refusal("invalid_value", $"Invalid '{path}': string does not match pattern. Expected a string that matches the pattern '{Pattern}'.", path)
                : null;
        }
    }

    private sealed record NumberShape(double Min, double Max, bool Whole) : Shape
    {
        public override Refusal? Check(JsonElement value, string path)
        {
            if (value.ValueKind != JsonValueKind.Number || (Whole && !value.TryGetInt64(out _)))
                return Refusal.WrongType(path, Whole ? "an integer" : "a decimal number", Kind(value));
            var number = value.GetDouble();
            var word = Whole ? "integer" : "decimal";
            if (number < Min)
                return Outside($"{word}_below_min_value", $"{word} below minimum value. Expected a value >= {Show(Min)}, but got {Show(number)} instead.", path);
            return number > Max
                ? Outside($"{word}_above_max_value", $"{word} above maximum value. Expected a value <= {Show(Max)}, but got {Show(number)} instead.", path)
                : null;
        }

        private static Refusal Outside(string code, string words, string path) => new(code, $"Invalid '{path}': {words}", path);

        private static string Show(double number) => number.ToString(CultureInfo.InvariantCulture);
    }

    private sealed record NullableShape(Shape Inner) : Shape
    {
        public override Refusal? Check(JsonElement value, string path) =>
            value.ValueKind == JsonValueKind.Null ? null : Inner.Check(value, path);
    }

    private sealed record ListShape(Shape Inner, int Min) : Shape
    {
        public override Refusal? Check(JsonElement value, string path)
        {
            if (value.ValueKind != JsonValueKind.Array)
                return Refusal.WrongType(path, "an array of objects", Kind(value));
            if (value.GetArrayLength() < Min)
                return new Refusal("empty_array", $"Invalid '{path}': empty array. Expected an array with minimum length {Min}, but got an empty array instead.", path);
            return value.EnumerateArray().Select((entry, i) => Inner.Check(entry, $"{path}[{i}]")).FirstOrDefault(refusal => refusal is not null);
        }
    }

    private sealed record EitherShape(Shape IfText, Shape Other) : Shape
    {
        public override Refusal? Check(JsonElement value, string path) =>
            value.ValueKind == JsonValueKind.String ? IfText.Check(value, path) : Other.Check(value, path);
    }

    private sealed record TaggedShape(string Tag, (string Value, FieldsShape Shape)[] Cases) : Shape
    {
        public override Refusal? Check(JsonElement value, string path)
        {
            if (value.ValueKind != JsonValueKind.Object)
                return Refusal.WrongType(path, "an object", Kind(value));
            var tagPath = Join(path, Tag);
            if (!value.TryGetProperty(Tag, out var tag))
                return Refusal.Missing(tagPath);
            if (OneOf([.. Cases.Select(c => c.Value)]).Check(tag, tagPath) is { } refusal)
                return refusal;
            var chosen = Array.Find(Cases, c => c.Value == tag.GetString()).Shape;
            return chosen.With((Tag, Text)).Check(value, path);
        }
    }

    internal sealed record FieldsShape((string Name, Shape Shape)[] Known) : Shape
    {
        private readonly Dictionary<string, Shape> _byName = Known.ToDictionary(field => field.Name.TrimEnd('!'), field => field.Shape);

        /// <summary>Names that are not known are let through.</summary>
        public bool Open { get; init; }

        public FieldsShape With(params (string Name, Shape Shape)[] more) => new([.. Known, .. more]) { Open = Open };

        public override Refusal? Check(JsonElement value, string path)
        {
            if (value.ValueKind != JsonValueKind.Object)
                return Refusal.WrongType(path, "an object", Kind(value));
            foreach (var field in value.EnumerateObject())
            {
                if (_byName.TryGetValue(field.Name, out var shape))
                {
                    if (shape.Check(field.Value, Join(path, field.Name)) is { } refusal)
                        return refusal;
                }
                else if (!Open)
                {
                    return Refusal.Unknown(Join(path, field.Name));
                }
            }

            foreach (var (name, _) in Known)
            {
                if (name.EndsWith('!') && !value.TryGetProperty(name.TrimEnd('!'), out _))
                    return Refusal.Missing(Join(path, name.TrimEnd('!')));
            }

            return null;
        }
    }
}
