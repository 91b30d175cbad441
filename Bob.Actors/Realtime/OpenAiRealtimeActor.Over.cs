using Akka.Actor;
using Bob.Actors.Audio;
using Bob.Actors.Twilio;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Actors.Realtime;

/// <summary>The end of a leg whose call is over: see <see cref="LateWords"/>.</summary>
public sealed partial class OpenAiRealtimeActor
{
    private LateWords? _late;

    private void BeOver()
    {
        Timers.CancelAll();
        _standby!.Close();
        _late = _session!.Over();
        Become(Over);
        Timers.StartSingleTimer(ModelTimer.LateSign, ModelTimer.LateSign, LateWords.SignOfLife);
        Timers.StartSingleTimer(ModelTimer.Late, ModelTimer.Late, LateWords.Longest);
        TellIfAllIsTold();
    }

    private void Over(object message)
    {
        switch (message)
        {
            case ModelSaid said when said.Connection == _line.Number:
                _late!.Heard(said.Event);
                _call.Tell(new ModelHeard(said.Event));
                TellIfAllIsTold();
                break;
            case ConnectionDrained drained when drained.Connection == _line.Number:
                _connection!.Drained();
                _connection.SendAudio();
                break;
            case ModelTimer.LateSign when _late!.IsAlive:
                _late.NothingMoreWasSaid();
                TellIfAllIsTold();
                break;
            case ModelTimer.LateSign or ModelTimer.Late:
            case ModelEnded ended when ended.Connection == _line.Number:
            case ConnectionBroken broken when broken.Connection == _line.Number:
                _call.Tell(new AllTold());
                break;
            case Dialled { Result.Socket: { } late }:
                late.Abort();
                break;
            case CallerAudio or IModelLegCommand or CallerLegProtocol.SpeechInterrupted or Dialled or ConnectionDrained or ConnectionBroken or ModelTimer:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void TellIfAllIsTold()
    {
        if (_late!.IsComplete)
            _call.Tell(new AllTold());
    }
}
