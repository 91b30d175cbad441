using AwesomeAssertions;
using Bob.Actors.Audio;

namespace Bob.Tests.Audio;

/// <summary>
/// A call's voice path for property specs: the ledger on this side, and on the other the plainest Twilio there can be, which plays 8 bytes a
/// millisecond, echoes marks, and flushes on <c>clear</c>. Both ways have a constant delay. After each step the ledger's word is held against
/// what Twilio really played.
/// </summary>
internal sealed class PlaybackLine(int down, int up, bool lossy)
{
    private const int Frame = Mulaw.FrameBytes;
    private readonly PlaybackLedger _ledger = new();
    private readonly List<Piece> _stream = [];
    private readonly Queue<(int At, object What)> _wayDown = new();
    private readonly Queue<(int At, string Mark)> _wayUp = new();
    private readonly LinkedList<object> _buffer = [];
    private readonly Dictionary<SpokenItem, Spoken> _items = [];
    private readonly List<string> _cancelled = [];
    private readonly List<string> _echoed = [];
    private SpokenItem? _item;
    private string? _response;
    private int _now, _responses, _itemNumber, _payload, _marks;
    private long _end, _sent, _played, _drained;
    private bool _lineWasLost;

    private TimeSpan Now => TimeSpan.FromMilliseconds(_now);

    public void Run((int What, int HowMuch)[] steps)
    {
        foreach (var (what, howMuch) in steps)
        {
            Step(what, howMuch);
            Check();
        }

        FinishResponse();
        Pump(int.MaxValue);
        while (_wayDown.Count + _buffer.Count > 0)
            Elapse(20);
        Elapse(up + 1);
        Check();
        var lostOnTheWay = _lineWasLost ? down * Mulaw.BytesPerMs : 0;
        _played.Should().BeInRange(_end - lostOnTheWay, _end, "the caller hears everything in the end");
        if (!lossy)
            _ledger.AllHeard.Should().BeTrue("all marks are back");
        if (!_lineWasLost)
            _drained.Should().Be(_end, "nothing was lost on the way, and nothing was played twice");
    }

    private void Step(int what, int howMuch)
    {
        switch (what)
        {
            case < 6:
                Speak(howMuch);
                break;
            case < 8:
                FinishItem();
                break;
            case < 10:
                FinishResponse();
                break;
            case < 14:
                Pump(1 + howMuch % 5);
                break;
            case < 20:
                Pump(int.MaxValue);
                break;
            case < 30:
                Elapse(1 + howMuch % 600);
                break;
            case < 32:
                Elapse(howMuch);
                break;
            case < 35:
                Interrupt();
                break;
            case < 37:
                LineLost();
                break;
            case 37:
                ModelLost();
                break;
            case 38:
                LateAudio(howMuch);
                break;
            default:
                StrangeMarks();
                break;
        }
    }

    private void Speak(int howMuch)
    {
        if (_response is null)
            _ledger.ResponseStarted(_response = $"r{++_responses}");
        _item ??= new SpokenItem(_response, $"i{++_itemNumber}", 0);
        var padding = howMuch % 4 == 0 ? howMuch % Frame / 8 * 8 : 0;
        var bytes = Voice.Bytes((1 + howMuch % 50) * Frame, _payload += 7);

        _ledger.Append(Voice.Of(_item, bytes, padding), Now).Should().BeTrue();

        var spoken = _items.TryGetValue(_item, out var known) ? known : _items[_item] = new Spoken();
        _stream.Add(new Piece(_item, bytes, padding, _end, spoken.Received));
        spoken.Received += bytes.Length - padding;
        _end += bytes.Length;
        if (padding > 0)
            FinishItem(); // silence fills up the last frame of an item
    }

    private void FinishItem()
    {
        if (_item is null)
            return;
        var length = _ledger.ItemFinished(_item);
        length.Should().Be(_items[_item].Received / Mulaw.BytesPerMs);
        _item = null;
    }

    private void FinishResponse()
    {
        if (_response is null)
            return;
        FinishItem();
        _ledger.ResponseFinished(_response);
        _response = null;
        _ledger.Receiving.Should().BeFalse();
    }

    /// <summary>What the caller's leg does when its socket takes more: marks first.</summary>
    private void Pump(int pieces)
    {
        while (pieces > 0)
        {
            if (_ledger.TryMark(Now, out var mark))
            {
                _wayDown.Enqueue((_now + down, mark.ToString()));
            }
            else if (_ledger.TrySend(Now, out var audio))
            {
                HandedOut(audio);
                pieces--;
            }
            else
            {
                _sent.Should().Be(_end, "nothing is left behind");
                return;
            }
        }
    }

    private void HandedOut(VoiceAudio audio)
    {
        var piece = _stream.Find(piece => piece.Start <= _sent && _sent < piece.End)!;
        var rest = piece.Bytes.AsSpan((int)(_sent - piece.Start)).ToArray();
        _cancelled.Should().NotContain(audio.Item.ResponseId);
        audio.Item.Should().Be(piece.Item);
        audio.Bytes.Should().Be(rest.Length);
        audio.Padding.Should().Be(piece.Padding);
        Voice.Decoded(audio.Base64).SequenceEqual(rest).Should().BeTrue("exactly the bytes that come next are handed out");
        _wayDown.Enqueue((_now + down, new Playing(piece, (int)(_sent - piece.Start))));
        _sent = piece.End;
    }

    private void Elapse(int ms)
    {
        for (; ms > 0; ms--)
        {
            Arrive();
            Play();
            _now++;
            Arrive();
            while (_wayUp.TryPeek(out var mark) && mark.At <= _now)
                Echo(_wayUp.Dequeue().Mark);
        }
    }

    private void Arrive()
    {
        while (_wayDown.TryPeek(out var next) && next.At <= _now)
        {
            switch (_wayDown.Dequeue().What)
            {
                case Clear { After: var checkpoint, Needed: var needed }:
                    if (needed)
                        Flush();
                    _buffer.OfType<Playing>().Should().BeEmpty("a clear is only left out when there is nothing to clear");
                    checkpoint();
                    break;
                case string mark when _buffer.Count == 0:
                    Return(mark);
                    break;
                case var what:
                    _buffer.AddLast(what);
                    break;
            }
        }
    }

    private void Play()
    {
        for (var i = 0; i < Mulaw.BytesPerMs && _buffer.First?.Value is Playing playing; i++)
        {
            playing.Position++;
            _drained++;
            var (piece, position) = (playing.Piece, playing.Position);
            _played = Math.Max(_played, piece.Start + position);
            var spoken = _items[piece.Item];
            spoken.Played = Math.Max(spoken.Played, piece.ItemOffset + Math.Min(position, piece.Bytes.Length - piece.Padding));
            if (position < piece.Bytes.Length)
                continue;
            _buffer.RemoveFirst();
            while (_buffer.First?.Value is string mark)
            {
                _buffer.RemoveFirst();
                Return(mark, 1);
            }
        }
    }

    /// <summary>Twilio echoes the marks of what it flushes as if they had been played.</summary>
    private void Flush()
    {
        foreach (var mark in _buffer.OfType<string>())
            Return(mark);
        _buffer.Clear();
    }

    private void Return(string mark, int after = 0)
    {
        _marks++;
        if (lossy && _marks % 3 == 0)
            return;
        _wayUp.Enqueue((_now + after + up, mark));
        if (lossy && _marks % 5 == 0)
            _wayUp.Enqueue((_now + after + up, mark));
    }

    private void Echo(string mark)
    {
        _ledger.MarkReturned(mark, Now);
        _echoed.Add(mark);
        Check();
    }

    private void StrangeMarks()
    {
        var (allHeard, remaining) = (_ledger.AllHeard, _ledger.RemainingMs(Now));
        _ledger.MarkReturned("nobody", Now).Should().BeFalse();
        _ledger.MarkReturned(new PlaybackMark(999, 1).ToString(), Now).Should().BeFalse();
        foreach (var mark in _echoed.TakeLast(3))
            _ledger.MarkReturned(mark, Now).Should().BeFalse("it has come before");
        (_ledger.AllHeard, _ledger.RemainingMs(Now)).Should().Be((allHeard, remaining));
    }

    private void Interrupt()
    {
        var interruption = _ledger.Interrupt(Now);

        var cut = interruption.Cut;
        _ledger.AllHeard.Should().BeTrue("nothing is left to hear");
        _ledger.RemainingMs(Now).Should().Be(0);
        _ledger.TrySend(Now, out _).Should().BeFalse();
        _ledger.Interrupt(Now).Should().BeEquivalentTo(new Interruption(false, []), "O52: a second one finds nothing");
        cut.Select(heard => heard.Item).Should().Equal(cut.Select(heard => heard.Item).OrderBy(item => int.Parse(item.ItemId[1..])), "it is in the order of speech");
        cut.SkipWhile(heard => heard.HeardMs == heard.ReceivedMs).Skip(1).Should().OnlyContain(heard => heard.HeardMs == 0, "speech is heard in order");
        foreach (var heard in cut)
        {
            var spoken = _items[heard.Item];
            var sent = _stream.Where(piece => piece.Item == heard.Item).Sum(piece => Math.Clamp(_sent - piece.Start, 0, piece.Bytes.Length - piece.Padding));
            heard.ReceivedMs.Should().Be(spoken.Received / Mulaw.BytesPerMs);
            heard.HeardMs.Should().BeInRange(0, sent / Mulaw.BytesPerMs, "O53: a truncate never overshoots");
            heard.HeardMs.Should().BeGreaterThanOrEqualTo(spoken.Reported - (_lineWasLost ? 20 : 0), "what was heard stays heard");
        }

        var audible = _stream.Select(piece => piece.Item).Distinct().ToList();
        var cleared = _sent;
        _wayDown.Enqueue((_now + down, new Clear(interruption.ClearLine, () =>
        {
            Compare(audible, cut);
            _drained = cleared;
        })));
        _cancelled.AddRange(cut.Select(heard => heard.Item.ResponseId).Distinct());
        if (_response is not null)
        {
            _cancelled.Add(_response);
            _ledger.ResponseFinished(_response);
        }

        (_response, _item) = (null, null);
        _stream.Clear();
        _played = _end = _sent;
        Arrive();
    }

    /// <summary>The clear has reached Twilio: what the ledger said then is what the caller heard.</summary>
    private void Compare(List<SpokenItem> audible, IReadOnlyList<HeardItem> cut)
    {
        foreach (var item in audible)
        {
            var spoken = _items[item];
            var truth = spoken.Played / Mulaw.BytesPerMs;
            var said = cut.FirstOrDefault(heard => heard.Item == item)?.HeardMs ?? spoken.Received / Mulaw.BytesPerMs;
            // The frame in which a line broke is said again, and may count as heard before that.
            said.Should().BeLessThanOrEqualTo(truth + 1 + (_lineWasLost ? Math.Min(20, down) : 0), "nothing unheard passes for heard");
            if (!lossy)
                said.Should().BeGreaterThanOrEqualTo(truth - (_lineWasLost ? 2 : 1) * (20 + down + up), "with prompt marks the position is exact");
        }
    }

    private void LineLost()
    {
        Arrive();
        var (played, allHeard) = (_played, _ledger.AllHeard);
        _wayDown.Clear();
        _wayUp.Clear();
        _buffer.Clear();

        _ledger.LineLost(Now);

        var resume = _end - _ledger.RemainingMs(Now) * Mulaw.BytesPerMs;
        resume.Should().BeLessThanOrEqualTo(_sent, "what was never sent is not skipped");
        if (allHeard)
            resume.Should().Be(_end, "what the marks confirmed is not said again");
        resume.Should().BeLessThanOrEqualTo(played + down * Mulaw.BytesPerMs, "what was not played is said again");
        if (!lossy)
            resume.Should().BeGreaterThanOrEqualTo(played - 2 * (Frame + (down + up) * Mulaw.BytesPerMs), "at most two frames, and what the news of the end took, are said twice");
        _lineWasLost = true;
        // What was under way and counts as heard is not lost a second time.
        (_sent, _played) = (resume, Math.Max(_played, resume));
        foreach (var piece in _stream)
        {
            var spoken = _items[piece.Item];
            var passed = Math.Clamp(resume - piece.Start, 0, piece.Bytes.Length - piece.Padding);
            spoken.Played = Math.Max(spoken.Played, passed == 0 ? 0 : piece.ItemOffset + passed);
        }
    }

    private void ModelLost()
    {
        var cut = _ledger.ModelLost();

        _ledger.Receiving.Should().BeFalse();
        cut.Select(heard => heard.Item).Should().Equal(_item is null ? [] : [_item]);
        foreach (var heard in cut)
        {
            heard.ReceivedMs.Should().Be(_items[heard.Item].Received / Mulaw.BytesPerMs);
            _items[heard.Item].Reported = heard.HeardMs;
        }

        if (_response is not null)
        {
            var late = Voice.Of(_item ?? new SpokenItem(_response, "late", 0), ms: 20);
            _ledger.Append(late, Now).Should().BeFalse("a lost session says nothing more");
        }

        (_response, _item) = (null, null);
    }

    private void LateAudio(int howMuch)
    {
        if (_cancelled.Count == 0)
            return;
        var response = _cancelled[^(1 + howMuch % Math.Min(3, _cancelled.Count))];
        var fenced = _ledger.FencedBytes;

        _ledger.Append(Voice.Of(new SpokenItem(response, $"late{howMuch}", 0), ms: 40), Now).Should().BeFalse("O38");

        _ledger.FencedBytes.Should().Be(fenced + 320);
    }

    private void Check()
    {
        var remaining = _ledger.RemainingMs(Now);
        _ledger.Receiving.Should().Be(_response is not null);
        remaining.Should().BeInRange((_end - _sent) / Mulaw.BytesPerMs, Math.Max(0, _end) / Mulaw.BytesPerMs);
        if (_ledger.AllHeard)
        {
            remaining.Should().Be(0);
            if (!_lineWasLost)
                _played.Should().Be(_end, "marks return when all before them was played");
        }
    }

    private sealed record Piece(SpokenItem Item, byte[] Bytes, int Padding, long Start, long ItemOffset)
    {
        public long End => Start + Bytes.Length;
    }

    private sealed class Playing(Piece piece, int position)
    {
        public Piece Piece { get; } = piece;

        public int Position { get; set; } = position;
    }

    private sealed record Clear(bool Needed, Action After);

    private sealed class Spoken
    {
        public long Received { get; set; }

        public long Played { get; set; }

        public long Reported { get; set; }
    }
}
