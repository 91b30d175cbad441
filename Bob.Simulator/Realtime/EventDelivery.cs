using System.Net.WebSockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bob.Simulator.Realtime;

/// <summary>Puts an event on the wire, or what the script's faults leave of it.</summary>
internal sealed class EventDelivery(SessionSocket socket, SimulatedSession session)
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Deliver(JsonObject json, IReadOnlyList<Fault> faults, EventPlace place)
    {
        var deliver = true;
        var told = ToldUsage.Of(json);
        foreach (var fault in faults)
        {
            switch (fault.Do)
            {
                case FaultAction.Withhold:
                    deliver = false;
                    break;
                case FaultAction.Delay:
                    socket.Wait(TimeSpan.FromMilliseconds(fault.Ms));
                    break;
                case FaultAction.Postpone:
                    deliver = false;
                    var late = json.ToJsonString(Json);
                    ((IModelLine)session).Later(TimeSpan.FromMilliseconds(fault.Ms), () => Send(late, told));
                    break;
                case FaultAction.Duplicate:
                    Send(json.ToJsonString(Json), told);
                    break;
                case FaultAction.Corrupt:
                    deliver = fault.Kind == Corruption.Base64;
                    Damage(json, fault.Kind);
                    break;
                default:
                    Strike(fault, place);
                    break;
            }
        }

        if (deliver)
            Send(json.ToJsonString(Json), told);
    }

    private void Send(string json, ToldUsage? told)
    {
        socket.Send(json);
        if (told is not null)
            socket.Then(() => session.Note(told));
    }

    /// <summary>A fault that does not need an event.</summary>
    public void Strike(Fault fault, EventPlace place)
    {
        switch (fault.Do)
        {
            case FaultAction.Drop:
                socket.Drop();
                break;
            case FaultAction.Fin:
                socket.Fin();
                break;
            case FaultAction.Close:
                socket.Close(fault.Code, fault.Reason);
                break;
            case FaultAction.Freeze:
                socket.Then(socket.Line.Freeze);
                break;
            case FaultAction.BlackHole:
                socket.Then(socket.Line.Swallow);
                break;
            case FaultAction.Mute:
                session.MuteFromScript();
                break;
            case FaultAction.SlowRead:
                socket.Line.SlowDown(fault.BytesPerSecond);
                break;
            case FaultAction.Expire:
                session.ExpireFromScript();
                break;
            case FaultAction.Binary:
                socket.Send(new byte[Math.Min(fault.Bytes, 1024)], WebSocketMessageType.Binary);
                break;
            case FaultAction.Oversize:
                socket.Send("{\"type\":\"response.padding\",\"event_id\":\"event_padding\",\"padding\":\"" + new string('x', fault.Bytes) + "\"}");
                break;
            case FaultAction.Send:
                for (var time = 0; time < fault.Repeat; time++)
                    SendScripted(fault, place);
                break;
            default:
                throw new InvalidOperationException($"The fault {fault.Do} cannot strike here.");
        }
    }

    private void SendScripted(Fault fault, EventPlace place)
    {
        foreach (var scripted in fault.Events)
            socket.Send(scripted.ToJsonString(Json).Replace("$response", place.ResponseId).Replace("$item", place.ItemId));
        if (fault.EveryMs > 0)
            socket.Wait(TimeSpan.FromMilliseconds(fault.EveryMs));
    }

    private void Damage(JsonObject json, Corruption kind)
    {
        switch (kind)
        {
            case Corruption.Base64:
                json["delta"] = "!!not*base64!!";
                break;
            case Corruption.Utf8:
                socket.Send([.. Encoding.UTF8.GetBytes("{\"type\":\""), 0xC3, 0x28, 0xFF, (byte)'"', (byte)'}'], WebSocketMessageType.Text);
                break;
            case Corruption.Truncated:
                socket.SendTruncatedFrame();
                break;
            default:
                socket.Send("{\"type\":");
                break;
        }
    }
}
