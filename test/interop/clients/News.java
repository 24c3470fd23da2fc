import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.quota.ClientQuotaFilterComponent;

/**
 * Waits until a broker has acted on all that the cluster's controller has decided. Apache Kafka answers a change when the controller knows;
 * the broker learns it later, shows some of it at once, and acts on all of it before it looks at the next change. So a quota of an address that
 * nobody has is set; when the broker shows it, it is taken away again; and when the broker shows that, it is through with the first, and with
 * what came before.
 */
class News implements AutoCloseable {
    static final long PATIENCE_MS = 60_000;
    static final String NOBODY = "192.0.2.1";
    final Admin admin;

    News(String bootstrap) {
        admin = Admin.create(Map.of("bootstrap.servers", bootstrap, "enable.metrics.push", false));
    }

    /** False: who asks may not do that. */
    boolean await() throws Exception {
        try {
            isThere();
            set(1.0);
            until(true);
            set(null);
            until(false);
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ClusterAuthorizationException) return false;
            throw e;
        }
    }

    void set(Double rate) throws Exception {
        var entity = new ClientQuotaEntity(Map.of(ClientQuotaEntity.IP, NOBODY));
        admin.alterClientQuotas(List.of(new ClientQuotaAlteration(entity, List.of(new ClientQuotaAlteration.Op("connection_creation_rate", rate)))))
                .all().get();
    }

    boolean isThere() throws Exception {
        var filter = ClientQuotaFilter.contains(List.of(ClientQuotaFilterComponent.ofEntity(ClientQuotaEntity.IP, NOBODY)));
        return !admin.describeClientQuotas(filter).entities().get().isEmpty();
    }

    void until(boolean there) throws Exception {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (isThere() != there) {
            if (System.currentTimeMillis() > deadline) throw new IllegalStateException("the broker does not learn of a change");
            Thread.sleep(5);
        }
    }

    @Override
    public void close() {
        admin.close();
    }
}
